import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '../../../cli/program.ts'
import { recordingTerminal } from '../../support/recording-terminal.ts'

const golden = fileURLToPath(new URL('../../golden/checkpoint/manifest.v1', import.meta.url))

let base: string
let snapshot: string
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'millrace-savepoints-'))
  snapshot = join(base, 'chk-12')
  mkdirSync(snapshot)
  copyFileSync(golden, join(snapshot, 'manifest'))
})
afterEach(() => rmSync(base, { recursive: true, force: true }))

async function savepoint(...argv: string[]) {
  const terminal = recordingTerminal(argv.includes('--json'))
  const code = await runCli(['savepoint', ...argv], () => terminal)
  return { code, out: terminal.outLines.join('\n'), notes: terminal.noteLines.join('\n') }
}

describe('millrace savepoint', () => {
  it('inspects a snapshot without a cluster', async () => {
    const { code, out } = await savepoint('inspect', snapshot)
    expect(code).toBe(0)
    expect(out).toContain("checkpoint 12 of job 'golden'")
    expect(JSON.parse((await savepoint('inspect', snapshot, '--json')).out)).toMatchObject({
      jobName: 'golden',
      checkpointId: 12,
    })
  })

  it('lists the snapshots below a directory, those that cannot be read with the reason', async () => {
    mkdirSync(join(base, 'broken'))
    writeFileSync(join(base, 'broken/manifest'), 'no')
    const { code, out } = await savepoint('list', base)
    expect(code).toBe(0)
    expect(out).toMatch(/golden .*chk-12/)
    expect(out).toMatch(/broken/)
    expect((await savepoint('list', join(base, 'chk-12', 'none'))).notes).toContain('No savepoints')
  })

  it('does not delete what a job still owns', async () => {
    for (const argv of [
      ['dispose', snapshot],
      ['-d', snapshot],
    ]) {
      expect(await savepoint(...argv)).toMatchObject({
        code: 1,
        notes: expect.stringContaining('CHECKPOINT_NOT_A_SAVEPOINT'),
      })
    }
    expect(existsSync(join(snapshot, 'manifest'))).toBe(true)
  })

  it('ends with 4 where nothing is', async () => {
    expect(await savepoint('dispose', join(base, 'gone'))).toMatchObject({ code: 4 })
    expect(await savepoint('inspect', join(base, 'gone'))).toMatchObject({ code: 4 })
  })
})

describe('millrace checkpoint verify', () => {
  const verify = async (...argv: string[]) => {
    const terminal = recordingTerminal(argv.includes('--json'))
    const code = await runCli(['checkpoint', 'verify', ...argv], () => terminal)
    return { code, out: terminal.outLines.join('\n') }
  }

  it('says what of a snapshot is missing, and ends with 1', async () => {
    const { code, out } = await verify(snapshot)
    expect(code).toBe(1)
    expect(out).toMatch(/STORAGE_NOT_FOUND/)
    expect(out).toContain("checkpoint 12 of job 'golden' cannot be restored")
    const shape = JSON.parse((await verify(snapshot, '--json')).out)
    expect(shape).toMatchObject({
      sound: false,
      problems: [{ code: 'STORAGE_NOT_FOUND' }, { code: 'CHECKPOINT_TRUNCATED' }],
    })
  })

  it('ends with 4 where nothing is', async () => {
    expect(await verify(join(base, 'gone'))).toMatchObject({ code: 4 })
  })
})
