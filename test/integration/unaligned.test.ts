/** Checkpoints under backpressure, with real processes: barriers overtake what waits, and nothing is lost or repeated. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { CheckpointInfo, JobInfo } from '../../proto/client.ts'
import { ChaosCluster } from '../chaos/cluster.ts'
import { runChaos } from '../chaos/run.ts'
import { planFaults } from '../chaos/schedule.ts'

const jobFile = fileURLToPath(new URL('./unaligned-job.ts', import.meta.url))
const count = 300_000
const many = 900_000
const keys = 16
let cluster: ChaosCluster
let jobs = 0

beforeAll(async () => {
  const options = {
    'cluster.registration.max-timeout': '200ms',
    'taskmanager.memory.task.heap.size': '96mb',
    // Little enough that the sources are held back soon.
    'taskmanager.memory.network.size': '16mb',
  }
  cluster = await ChaosCluster.start({ taskManagers: 2, slots: 2, options })
})
afterEach(async () => {
  for (const { terminal, jobId } of await cluster.client.list()) if (!terminal) await cluster.client.cancel(jobId)
  for (const member of cluster.killed) await cluster.restart(member)
  await cluster.until('free slots', async () => (await cluster.client.cluster()).slotsFree === cluster.slotsTotal)
})
afterAll(() => cluster.close())

interface Running {
  readonly jobId: string
  readonly out: string
  speedUp(): void
}

async function submit(parallelism: number, more: Readonly<Record<string, string>>): Promise<Running> {
  const name = `job-${++jobs}`
  const slow = join(cluster.directory, `${name}.slow`)
  const out = join(cluster.directory, name)
  writeFileSync(slow, '')
  const given = { 'execution.checkpointing.interval': '300ms', slow, out, count: String(count), ...more }
  const jobId = await cluster.submit(jobFile, given, parallelism)
  return { jobId, out, speedUp: () => rmSync(slow, { force: true }) }
}

const until = (what: string, { jobId }: Running, condition: (info: JobInfo) => boolean) =>
  cluster.untilJob(what, jobId, condition)

/** The sources are held back and the slow one works. */
const heldBack = (job: Running): Promise<JobInfo> =>
  until(
    'backpressure',
    job,
    ({ status, vertices }) => status.state === 'running' && (vertices[0]?.backpressuredMs ?? 0) > 500,
  )

const inFlight = ({ checkpoints }: JobInfo): CheckpointInfo | undefined =>
  checkpoints.find(({ state, inFlightBytes }) => state === 'completed' && (inFlightBytes ?? 0) > 0)

function results({ out }: Running): string[] {
  const rows: string[] = []
  for (const file of readdirSync(out)) {
    if (file.startsWith('.')) continue
    for (const line of readFileSync(join(out, file), 'utf8').split('\n')) if (line !== '') rows.push(line)
  }
  return rows.sort()
}
const expected = (records: number): string[] =>
  Array.from({ length: records }, (_, i) => JSON.stringify({ key: i % keys, n: Math.floor(i / keys) + 1 })).sort()

async function finishRight(job: Running, records: number): Promise<void> {
  job.speedUp()
  const { status } = await until('the end of the job', job, (info) => info.status.terminal)
  expect(status.state).toBe('finished')
  const found = results(job)
  expect(found.length).toBe(records)
  expect(found.join() === expected(records).join()).toBe(true)
}

const unaligned = { 'execution.checkpointing.unaligned': 'true' }

test('a checkpoint completes under full backpressure, where aligned barriers wait', async () => {
  const aligned = await submit(1, {})
  const overtaking = await submit(1, { ...unaligned, 'execution.checkpointing.aligned-checkpoint-timeout': '200ms' })
  await heldBack(aligned)
  await heldBack(overtaking)
  const begunMs = Date.now()
  const complete = await until('an unaligned checkpoint', overtaking, (info) => inFlight(info) !== undefined)
  const found = inFlight(complete)
  expect(found?.unaligned).toBeGreaterThan(0)
  const { checkpoints } = await cluster.client.info(aligned.jobId)
  expect(checkpoints.filter(({ state, triggeredMs }) => state === 'completed' && triggeredMs > begunMs)).toEqual([])
  await finishRight(overtaking, count)
})

test('a TaskManager is killed under backpressure, and what was in flight counts once', async () => {
  const job = await submit(4, { ...unaligned, count: String(many) })
  await heldBack(job)
  for (let round = 0; round < 2; round++) {
    const sinceMs = (await cluster.client.info(job.jobId)).status.stateSinceMs
    const before = await until('a checkpoint with records in flight', job, (info) => {
      const found = inFlight(info)
      return info.status.state === 'running' && found !== undefined && found.triggeredMs >= sinceMs
    })
    const victim = cluster.taskManager(before.vertices[0]?.subtasks[round]?.taskManagerId ?? '')
    cluster.kill(victim)
    await until(
      'the failure',
      job,
      ({ status }) => status.attempt > before.status.attempt || status.state !== 'running',
    )
    await cluster.restart(victim)
    await until(
      'the job to run again',
      job,
      ({ status }) => status.state === 'running' && status.attempt > before.status.attempt,
    )
  }
  await finishRight(job, many)
})

test('a rescale under full backpressure does not wait for what is slow, and what was in flight counts once', async () => {
  const job = await submit(2, { ...unaligned, 'execution.checkpointing.aligned-checkpoint-timeout': '200ms' })
  await heldBack(job)
  for (const parallelism of [4, 1]) {
    const { vertices } = await cluster.client.rescale(job.jobId, { parallelism })
    expect(vertices.map(({ after }) => after)).toEqual(vertices.map(() => parallelism))
    const { restored, checkpoints } = await cluster.client.info(job.jobId)
    expect(checkpoints.find(({ checkpointId: id }) => id === restored?.checkpointId)).toMatchObject({
      unaligned: expect.any(Number) as number,
    })
  }
  await finishRight(job, count)
})

test('a savepoint of a job whose barriers overtake has nothing in flight', async () => {
  const job = await submit(2, unaligned)
  await until('a checkpoint with records in flight', job, (info) => inFlight(info) !== undefined)
  const savepoint = cluster.client.savepoint(job.jobId, join(cluster.directory, 'savepoint'))
  await until('the savepoint to begin', job, ({ checkpoints }) => checkpoints[0]?.kind === 'savepoint')
  job.speedUp()
  const { path } = await savepoint
  const { readSnapshot } = await import('../../proto/checkpoint/savepoint.ts')
  expect((await readSnapshot(path)).manifest.channels).toEqual([])
})

test('a run of kills with barriers that overtake commits exactly what is right', async () => {
  const faults = planFaults({
    seed: 3,
    faults: 2,
    afterMinMs: 50,
    afterMaxMs: 300,
    mix: { taskmanager: 1, slot: 1 },
  })
  const result = await runChaos({
    faults,
    rate: 8000,
    configuration: { barriers: 'unaligned', taskManagers: 2, slots: 2 },
    parallelism: 2,
    keepFailed: false,
    options: { ...unaligned, 'state.backend.local-recovery': 'true' },
  })
  expect(result.outcome).toBe('finished')
  expect(result.violations).toBe(0)
})
