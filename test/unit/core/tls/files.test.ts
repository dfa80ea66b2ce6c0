import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemDisk } from '../../../../core/platform/disk.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { readMaterial, type TlsFile, TlsFiles } from '../../../../core/tls/files.ts'
import { Authority } from '../../../support/certificates.ts'

let directory: string
let paths: Record<'key' | 'cert' | 'ca', TlsFile>
const authority = new Authority('ours')
const now = new Date()

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-tls-'))
  const file = (option: string) => ({ option, path: join(directory, option) })
  paths = { key: file('key'), cert: file('cert'), ca: file('ca') }
  write(authority.issue('node'), authority)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function write({ key, cert }: { key: string; cert: string }, by?: Authority): void {
  writeFileSync(paths.key.path, key)
  writeFileSync(paths.cert.path, cert)
  if (by !== undefined) writeFileSync(paths.ca.path, by.cert)
}

const read = () => readMaterial({ ...paths, mutual: true }, systemDisk, now.getTime())
const day = (offset: number) => new Date(now.getTime() + offset * 86_400_000)

describe('files of keys and certificates', () => {
  it('are given out as they are when they fit together', () => {
    expect(read().cert?.toString()).toContain('BEGIN CERTIFICATE')
  })

  it.each([
    ['a file that is not there', () => rmSync(paths.cert.path), 'TLS_UNREADABLE', /cert.*no such file/],
    ['a key that is none', () => writeFileSync(paths.key.path, 'secret'), 'TLS_BAD_FILE', /key/],
    ['an authority that is none', () => writeFileSync(paths.ca.path, ''), 'TLS_BAD_FILE', /no certificate/],
    [
      'a certificate that is cut off',
      () => writeFileSync(paths.cert.path, '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'),
      'TLS_BAD_FILE',
      /cert/,
    ],
    [
      'the key of another',
      () => writeFileSync(paths.key.path, authority.issue('other').key),
      'TLS_KEY_MISMATCH',
      /does not belong/,
    ],
    ['another authority', () => write(new Authority('theirs').issue('node')), 'TLS_NOT_SIGNED', /not signed/],
    [
      'the name of the authority without its key',
      () => write(new Authority('ours').issue('node')),
      'TLS_NOT_SIGNED',
      /./,
    ],
    [
      'one that has expired',
      () => write(authority.issue('node', { from: day(-9), to: day(-1) })),
      'TLS_EXPIRED',
      /expired on/,
    ],
    [
      'one of tomorrow',
      () => write(authority.issue('node', { from: day(1), to: day(9) })),
      'TLS_NOT_YET_VALID',
      /clock|from/,
    ],
  ])('are refused with a sentence: %s', (_what, spoil, code, text) => {
    spoil()
    expect(read).toThrow(expect.objectContaining({ code, message: expect.stringMatching(text) }))
  })

  it('may be replaced while they are used; halves are passed over', () => {
    const clock = new ManualClock(now.getTime())
    const said: string[] = []
    const files = new TlsFiles(paths, systemDisk, clock, (text) => said.push(text))
    const given: unknown[] = []
    files.listen((material) => given.push(material))
    const first = files.current
    clock.advance(60_000)
    expect(files.current).toBe(first)
    const next = authority.issue('node')
    writeFileSync(paths.cert.path, `${next.cert}\n`)
    clock.advance(5000)
    expect(files.current).toBe(first)
    expect(said.join()).toContain('not used: the key')
    writeFileSync(paths.key.path, `${next.key}\n`)
    clock.advance(5000)
    expect(files.current.cert?.toString()).toBe(`${next.cert}\n`)
    expect(given).toEqual([files.current])
    rmSync(paths.key.path)
    clock.advance(5000)
    expect(files.current).toBe(given[0])
    files.close()
    expect(clock.pending).toBe(0)
  })
})
