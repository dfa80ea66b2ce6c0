import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openStorage } from '../../../../core/storage/open-storage.ts'
import { runPath } from '../../../../proto/checkpoint/paths.ts'
import {
  forgetCopies,
  forgetOldCopies,
  useLocalCopies,
  withCopies,
} from '../../../../taskmanager/state/local-copies.ts'

let directory: string
let root: string
let local: string
const run = (checkpointId: number, subtask = 0): string =>
  runPath('job', { epoch: 1, checkpointId, node: 2, subtask, sequence: 0 })
const bytes = (text: string): Buffer => Buffer.from(text)

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-local-'))
  root = join(directory, 'checkpoints')
  local = join(directory, 'local')
  useLocalCopies(local)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const copyOf = (path: string): string => join(local, readdirSync(local)[0] ?? '', path)
const read = async (path: string): Promise<string> =>
  Buffer.from(await openStorage(withCopies(root)).get(path)).toString()

describe('local copies of runs', () => {
  it('are read in place of the storage, by the next process too', async () => {
    await openStorage(withCopies(root)).put(run(1), [bytes('on'), bytes('e')])
    const writer = await openStorage(withCopies(root)).openWriter(run(2))
    await writer.write(bytes('tw'))
    await writer.write(bytes('o'))
    await writer.finish()
    expect(readFileSync(join(root, run(2)), 'utf8')).toBe('two')
    rmSync(root, { recursive: true })
    expect(await read(run(1))).toBe('one')
    expect(await read(run(2))).toBe('two')
    expect(await openStorage(withCopies(root)).size(run(2))).toBe(3)
    const part = await openStorage(withCopies(root)).getRange(run(2), 1, 2)
    expect(Buffer.from(part).toString()).toBe('wo')
  })

  it('are passed over when they are missing, altered, cut short or half written', async () => {
    const storage = openStorage(withCopies(root))
    for (const id of [1, 2, 3, 4]) await storage.put(run(id), bytes(`run ${id}`))
    writeFileSync(copyOf(run(1)), 'run X')
    writeFileSync(copyOf(run(2)), 'run')
    rmSync(copyOf(run(3)))
    rmSync(`${copyOf(run(4))}.sum`)
    for (const id of [1, 2, 3, 4]) expect(await read(run(id))).toBe(`run ${id}`)
    expect(existsSync(copyOf(run(1)))).toBe(false)
  })

  it('cost nothing but themselves when their disk fails', async () => {
    writeFileSync(local, 'a file where the directory should be')
    const storage = openStorage(withCopies(root))
    await storage.put(run(1), bytes('one'))
    const writer = await storage.openWriter(run(2))
    await writer.write(bytes('two'))
    await writer.finish()
    expect(await read(run(1))).toBe('one')
    expect(await read(run(2))).toBe('two')
    await forgetOldCopies(local, Date.now())
  })

  it('go when a checkpoint does without them, and stay for others', async () => {
    const storage = openStorage(withCopies(root))
    for (const path of [run(1), run(2), run(3), run(1, 1)]) await storage.put(path, bytes(path))
    await forgetCopies(local, root, 'job', new Set(['2/0']), new Set([run(2)]), 2)
    expect([run(1), run(2), run(3), run(1, 1)].map((path) => existsSync(copyOf(path)))).toEqual([
      false,
      true,
      true,
      true,
    ])
    expect(existsSync(`${copyOf(run(1))}.sum`)).toBe(false)
    expect(await read(run(1))).toBe(run(1))
  })

  it('go by age when nobody came back for them', async () => {
    const storage = openStorage(withCopies(root))
    for (const id of [1, 2]) await storage.put(run(id), bytes('run'))
    const ago = new Date(Date.now() - 2 * 86_400_000)
    for (const name of [copyOf(run(1)), `${copyOf(run(1))}.sum`]) utimesSync(name, ago, ago)
    await forgetOldCopies(local, Date.now())
    expect([run(1), run(2)].map((path) => existsSync(copyOf(path)))).toEqual([false, true])
  })
})
