/** A job that counts at least once, through kills: nothing is lost, what is repeated is bounded by what came again. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ChaosCluster } from '../chaos/cluster.ts'
import { runCliProcess } from '../support/cli-process.ts'

const jobFile = fileURLToPath(new URL('./at-least-once-job.ts', import.meta.url))
const count = 40_000
let cluster: ChaosCluster

beforeAll(async () => {
  cluster = await ChaosCluster.start({
    taskManagers: 2,
    slots: 2,
    options: { 'cluster.registration.max-timeout': '200ms', 'taskmanager.memory.task.heap.size': '96mb' },
  })
})
afterAll(() => cluster.close())

interface Line {
  readonly key: number
  readonly n: number
  readonly count: number
}

const linesIn = (out: string): Line[] =>
  readdirSync(out)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => readFileSync(join(out, name), 'utf8').trimEnd().split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Line)

test('loses nothing when TaskManagers are killed, and info says what its sinks give', async () => {
  const out = join(cluster.directory, 'out')
  // It does not end before it was killed twice.
  const slow = join(cluster.directory, 'slow')
  writeFileSync(slow, '')
  const given = {
    'execution.checkpointing.interval': '200ms',
    'execution.checkpointing.mode': 'at-least-once',
    'restart-strategy.type': 'fixed-delay',
    'restart-strategy.fixed-delay.delay': '50ms',
    'restart-strategy.fixed-delay.attempts': '100',
    out,
    count: String(count),
    slow,
  }
  const jobId = await cluster.submit(jobFile, given, 4)
  const info = () => cluster.client.info(jobId)
  for (let kill = 1; kill <= 2; kill++) {
    const before = (await info()).checkpointCounts?.completed ?? 0
    await cluster.until('checkpoints', async () => ((await info()).checkpointCounts?.completed ?? 0) >= before + 3)
    const [victim] = cluster.taskManagers.slice(kill % 2)
    if (victim === undefined) throw new Error('there are two TaskManagers')
    cluster.kill(victim)
    await cluster.restart(victim)
    await cluster.until('a restart', async () => {
      const { status, restored } = await info()
      return status.state === 'running' && status.attempt > kill && (restored?.checkpointId ?? 0) > 0
    })
  }
  rmSync(slow)
  const shown = await runCliProcess(cluster.directory, 'info', jobId, '-m', cluster.address)
  expect(shown.out).toMatch(/^sink out \(files .*\): at least once$/m)
  await cluster.until('the end', async () => (await info()).status.state === 'finished')
  const ended = await info()
  expect(ended.sinks).toMatchObject([{ uid: 'out', guarantee: 'at-least-once' }])
  expect(ended.status.attempt).toBeGreaterThanOrEqual(3)

  const lines = linesIn(out)
  const seen = new Set(lines.map(({ n }) => n))
  expect(seen.size).toBe(2 * count)
  // The state of a key has each of its records at least once.
  const highest = new Map<number, number>()
  for (const { key, count: reached } of lines) highest.set(key, Math.max(highest.get(key) ?? 0, reached))
  expect(highest.size).toBe(16)
  for (const reached of highest.values()) expect(reached).toBeGreaterThanOrEqual((2 * count) / 16)
})

test('says exactly once of the same job in the other mode, and no more than at least once without checkpoints', async () => {
  const guaranteeWith = async (more: Readonly<Record<string, string>>): Promise<string | undefined> => {
    const given = { out: join(cluster.directory, 'other'), count: '1000000', ...more }
    const jobId = await cluster.submit(jobFile, given, 1)
    const { sinks } = await cluster.client.info(jobId)
    await cluster.client.cancel(jobId)
    return sinks[0]?.guarantee
  }
  expect(await guaranteeWith({ 'execution.checkpointing.interval': '1s' })).toBe('exactly-once')
  expect(await guaranteeWith({})).toBe('at-least-once')
})
