/** What somebody sees who runs a job and waits for it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../cli/program.ts'
import { type RunningJobManager, startJobManager } from '../../jobmanager/main.ts'
import { type RunningTaskManager, startTaskManager } from '../../taskmanager/main.ts'
import { recordingTerminal } from '../support/recording-terminal.ts'

let directory: string
let jobManager: RunningJobManager
let taskManager: RunningTaskManager

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-run-'))
  jobManager = await startJobManager({ 'jobmanager.rpc.port': '0', 'jobmanager.data-dir': join(directory, 'jm') })
  taskManager = await startTaskManager({
    'jobmanager.rpc.port': jobManager.address.split(':')[1] ?? '',
    'taskmanager.data-dir': join(directory, 'tm'),
    'taskmanager.memory.network.size': '64mb',
  })
})

afterAll(async () => {
  await taskManager.close()
  await jobManager.close()
  rmSync(directory, { recursive: true, force: true })
})

async function run(body: string, options = '') {
  const file = join(directory, 'job.ts')
  writeFileSync(
    file,
    `import { defineJob, sink, source, t, window } from 'millrace'
const numbers = source.generator({ type: t.object({ n: t.int32() }), count: 20, create: (n) => ({ n }) })
export default defineJob('seen', (env) => {
  env.from(numbers, { uid: 'numbers'${body.startsWith(',') ? '' : ' })'}${body}
}, { options: { 'restart-strategy.type': 'none' } })${options}`,
  )
  const terminal = recordingTerminal(false)
  const code = await runCli(['run', file, '-m', jobManager.address], () => terminal)
  return { code, out: terminal.outLines, notes: terminal.noteLines.join('\n') }
}

describe('a job that is followed', () => {
  it('shows every line that it printed, however short it was', async () => {
    const lines = Array.from({ length: 20 }, (_, n) => JSON.stringify({ n }))
    for (let round = 0; round < 5; round++) {
      const { code, out } = await run(`.to(sink.print(), { uid: 'out' })`)
      expect(code).toBe(0)
      expect(out.toSorted()).toEqual(lines.toSorted())
    }
  })

  it('has whole numbers of 64 bits as results of aggregates although nothing is known of the key', async () => {
    const big = `.map((x) => ({ n: x.n, b: BigInt(x.n) }), { returns: t.object({ n: t.int32(), b: t.int64() }) })
    .keyBy((x) => x.n % 1)`
    const shown = `.map((x) => typeof x.max).to(sink.print(), { uid: 'out' })`
    const running = await run(`${big}.max('b', { uid: 'm' })${shown}`)
    expect(new Set(running.out)).toEqual(new Set(['bigint']))
    const perWindow = await run(
      `, eventTime: 'n' })${big}.window(window.tumbling('1s')).max('b', { uid: 'm' })${shown}`,
    )
    expect(perWindow.out).toEqual(['bigint'])
  })

  it('has bigints in its results, with all their digits', async () => {
    const { code, out } = await run(
      `.map((x) => ({ k: 1, b: 2n ** 60n + BigInt(x.n % 2) }), { returns: t.object({ k: t.int32(), b: t.int64() }) })
    .keyBy('k').max('b', { uid: 'm' }).to(sink.collect(), { uid: 'out' })`,
    )
    expect(code).toBe(0)
    expect(out.at(-1)).toBe('{"k":1,"max":"1152921504606846977"}')
  })

  it('tells of a function that returns the wrong type where it was given, although it is not on the stack', async () => {
    const wrong = `.map((x) => ({ n: String(x.n) }) as never, { uid: 'm', returns: t.object({ n: t.int32() }) })`
    const { code, notes } = await run(`${wrong}.to(sink.discard(), { uid: 'out' })`)
    expect(code).toBe(1)
    expect(notes).toContain('the job seen failed in map (uid m): field n is declared int32')
    expect(notes).toMatch(/ {4}at map \(.*job\.ts:4:/)
    expect(notes).not.toMatch(/at .*taskmanager\//)
  })
})
