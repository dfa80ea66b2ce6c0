/** Another parallelism, and TaskManagers that come and go, with real processes under load: what is committed is exactly right. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { JobInfo } from '../../proto/client.ts'
import { ChaosCluster } from '../chaos/cluster.ts'
import { judge, violations } from '../chaos/oracle.ts'
import { readChecked, readWindows } from '../chaos/output.ts'
import { type ChaosShape, createShape } from '../chaos/shape.ts'

const jobFile = fileURLToPath(new URL('../chaos/job.ts', import.meta.url))
const regionsFile = fileURLToPath(new URL('./regions-job.ts', import.meta.url))
/** More than giving tasks away ever takes. */
const drainMs = 100_000
let cluster: ChaosCluster

beforeAll(async () => {
  const options = {
    'cluster.registration.max-timeout': '200ms',
    'taskmanager.memory.task.heap.size': '96mb',
    // Far less than their channels could hold: what is needed at least is kept for each.
    'taskmanager.memory.network.size': '16mb',
    'restart-strategy.exponential-delay.initial-backoff': '20ms',
    'taskmanager.drain.timeout': `${drainMs}ms`,
  }
  cluster = await ChaosCluster.start({ taskManagers: 3, slots: 3, options })
})
afterEach(async () => {
  for (const { terminal, jobId } of await cluster.client.list()) if (!terminal) await cluster.client.cancel(jobId)
})
afterAll(() => cluster.close())

interface Running {
  readonly jobId: string
  readonly out: string
  readonly endFile: string
  /** Records per second, as long as it is not told how many there are. */
  readonly rate: number
  readonly submittedMs: number
}

const keys = 256
let jobs = 0

async function submit(
  parallelism: number,
  rate: number,
  more: Readonly<Record<string, string>> = {},
  file = jobFile,
): Promise<Running> {
  const { windowMs } = createShape({ records: 0, keys })
  const out = join(cluster.directory, `out-${++jobs}`)
  const endFile = `${out}.end`
  const given = {
    'chaos.records': String(2 ** 40),
    'chaos.keys': String(keys),
    'chaos.window-ms': String(windowMs),
    'chaos.splits': '16',
    'chaos.rate': String(rate),
    'chaos.out': out,
    'chaos.end-file': endFile,
    'execution.checkpointing.interval': '200ms',
    'execution.checkpointing.tolerable-failed-checkpoints': '10',
    ...more,
  }
  const submittedMs = performance.now()
  return { jobId: await cluster.submit(file, given, parallelism), out, endFile, rate, submittedMs }
}

const until = (what: string, { jobId }: Running, condition: (info: JobInfo) => boolean): Promise<JobInfo> =>
  cluster.untilJob(what, jobId, condition)

/** Records flow in the attempt that runs now. */
const flows = (job: Running): Promise<JobInfo> =>
  until('records', job, ({ status, vertices }) => status.state === 'running' && (vertices[0]?.recordsOut ?? 0) > 0)

/** Ends the input, at more records than have come by now; gives the whole of it. */
function endInput({ endFile, rate, submittedMs }: Running): ChaosShape {
  const records = Math.ceil(((performance.now() - submittedMs) / 1000 + 1) * rate)
  writeFileSync(`${endFile}.new`, String(records))
  renameSync(`${endFile}.new`, endFile)
  return createShape({ records, keys })
}

/** All changes are told: a state that is short is not missed. */
async function leavesRunning({ jobId }: Running): Promise<void> {
  for await (const { state } of cluster.client.watch(jobId)) if (state !== 'running') return
}

/** The state behind it, or the code of what went wrong. */
const rescaled = ({ jobId }: Running, parallelism: number): Promise<string> =>
  cluster.client.rescale(jobId, { parallelism }).then(
    ({ status }) => status.state,
    (error: unknown) => (error as { code: string }).code,
  )

/** The job comes to its end, and its output is that of a run without faults. */
async function right(job: Running): Promise<JobInfo> {
  const shape = endInput(job)
  const info = await until('the end of the job', job, ({ status }) => status.terminal)
  expect(info.status.state).toBe('finished')
  const verdict = judge(shape, readChecked(job.out), readWindows(job.out))
  expect(verdict.examples).toEqual([])
  expect(violations(verdict)).toBe(0)
  return info
}

const userOf = ({ vertices }: JobInfo): string => vertices[0]?.subtasks[0]?.taskManagerId ?? ''

test('1 to 5 to 3 to 8 subtasks under load: nothing lost, twice, or out of order per key', async () => {
  const job = await submit(1, 6000)
  for (const parallelism of [5, 3, 8]) {
    await flows(job)
    const { status, vertices } = await cluster.client.rescale(job.jobId, { parallelism })
    expect(status.state).toBe('running')
    expect(vertices.map(({ after }) => after)).toEqual(vertices.map(() => parallelism))
  }
  const { status, failures } = await right(job)
  expect(failures).toEqual([])
  expect(status).toMatchObject({ attempt: 4, restarts: 0 })
})

test('a TaskManager killed in the middle of it: the job goes on, with one of the two, and is right', async () => {
  const job = await submit(2, 6000)
  for (let round = 0; round < 2; round++) {
    const before = await flows(job)
    const victim = cluster.taskManager(userOf(before))
    const leaves = leavesRunning(job)
    const asked = rescaled(job, before.vertices[0]?.parallelism === 2 ? 4 : 2)
    await Promise.race([leaves, asked])
    cluster.kill(victim)
    expect(['running', 'JOBMANAGER_RESCALE_FAILED']).toContain(await asked)
    await cluster.restart(victim)
    await cluster.until('all slots', async () => (await cluster.client.cluster()).slotsTotal === cluster.slotsTotal)
  }
  await right(job)
})

test('a TaskManager that is told to end gives its tasks away first, and that is no failure', async () => {
  const job = await submit(2, 6000)
  const before = await flows(job)
  const victim = cluster.taskManager(userOf(before))
  const toldMs = performance.now()
  victim.child.kill('SIGTERM')
  const ended = new Promise<number | null>((resolve) => victim.child.once('exit', resolve))
  const after = await until('another attempt', job, ({ status }) => status.attempt === 2 && status.state === 'running')
  expect(after.vertices.flatMap(({ subtasks }) => subtasks.map((each) => each.taskManagerId))).not.toContain(
    victim.name,
  )
  expect(await ended).toBe(0)
  expect(performance.now() - toldMs).toBeLessThan(drainMs)
  await cluster.restart(victim)
  const { status, failures } = await right(job)
  expect(failures).toEqual([])
  expect(status).toMatchObject({ restarts: 0 })
})

test('a reactive job takes all slots, gives way when some go, and takes those that come', async () => {
  await cluster.until('all slots', async () => (await cluster.client.cluster()).slotsFree === cluster.slotsTotal)
  const options = {
    'scheduler-mode': 'reactive',
    'pipeline.max-parallelism': '8',
    'jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout': '300ms',
  }
  const job = await submit(1, 6000, options)
  expect((await flows(job)).vertices.map(({ parallelism }) => parallelism)).toEqual([8, 8, 8])
  const victim = cluster.taskManager('tm-2')
  cluster.kill(victim)
  const fewer = await until('fewer slots', job, ({ status }) => status.state === 'running' && status.attempt === 2)
  expect(fewer.vertices.map(({ parallelism }) => parallelism)).toEqual([6, 6, 6])
  await expect(cluster.client.rescale(job.jobId, { parallelism: 2 })).rejects.toMatchObject({
    code: 'JOBMANAGER_RESCALE_REACTIVE',
  })
  await cluster.restart(victim)
  await until('more slots', job, ({ vertices }) => vertices[0]?.parallelism === 8)
  const { failures } = await right(job)
  expect(new Set(failures.map(({ attempt }) => attempt))).toEqual(new Set([1]))
})

test('records of other regions keep flowing while one is killed and begins again, and all is right', async () => {
  await cluster.until('all slots', async () => (await cluster.client.cluster()).slotsFree === cluster.slotsTotal)
  const job = await submit(3, 5000, {}, regionsFile)
  const before = await flows(job)
  await until('a checkpoint', job, ({ checkpointCounts }) => (checkpointCounts?.completed ?? 0) > 1)
  const victim = cluster.taskManager(userOf(before))
  cluster.kill(victim)
  const states: string[] = []
  const outOf = ({ vertices }: JobInfo, id: number): number => vertices[0]?.subtasks[id]?.recordsOut ?? 0
  const seen = await until('the region to be known as lost', job, (info) => {
    states.push(info.status.state)
    return info.failures.length > 0
  })
  // Totals since the attempt started: one that began anew would start from nothing.
  const others = before.vertices[0]?.subtasks.filter((each) => each.taskManagerId !== victim.name) ?? []
  expect(others).toHaveLength(2)
  const then = await until('the others go on', job, (info) => {
    states.push(info.status.state)
    return others.every(({ subtask }) => outOf(info, subtask) > outOf(seen, subtask) + 500)
  })
  for (const { subtask } of others) expect(outOf(then, subtask)).toBeGreaterThan(outOf(before, subtask))
  expect(new Set(states)).toEqual(new Set(['running']))
  const shape = endInput(job)
  const end = await until('the end of the job', job, ({ status }) => status.terminal)
  expect(end.status).toMatchObject({ state: 'finished', attempt: 2 })
  const { lost, duplicated, corrupted, examples } = judge(shape, readChecked(job.out), [])
  expect({ lost, duplicated, corrupted }, examples.join('\n')).toEqual({ lost: 0, duplicated: 0, corrupted: 0 })
  await cluster.restart(victim)
})
