/** Recovery as a user sees it: real processes, real slots, kill -9. */
import { renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { JobInfo } from '../../proto/client.ts'
import { ChaosCluster } from '../chaos/cluster.ts'
import { inTime } from '../support/in-time.ts'

const jobFile = fileURLToPath(new URL('./recovery-job.ts', import.meta.url))
let cluster: ChaosCluster

beforeAll(async () => {
  const options = { 'cluster.registration.max-timeout': '200ms', 'taskmanager.memory.task.heap.size': '96mb' }
  cluster = await ChaosCluster.start({ taskManagers: 2, slots: 3, options })
})
afterEach(async () => {
  for (const { terminal, jobId } of await cluster.client.list()) if (!terminal) await cluster.client.cancel(jobId)
  for (const member of cluster.killed) await cluster.restart(member)
  await cluster.until('free slots', async () => {
    const { slotsFree } = await cluster.client.cluster()
    return slotsFree === cluster.slotsTotal
  })
})
afterAll(() => cluster.close())

interface Running {
  readonly jobId: string
  /** Writes the order that makes a slot of the job go wrong. */
  goWrong(how: 'throw' | 'oom'): number
}

let jobs = 0

async function submit(parallelism: number, more: Readonly<Record<string, string>> = {}): Promise<Running> {
  const order = join(cluster.directory, `order-${++jobs}`)
  const given = { 'execution.checkpointing.interval': '100ms', 'recovery.order': order, ...more }
  const jobId = await cluster.submit(jobFile, given, parallelism)
  return {
    jobId,
    goWrong(how) {
      // Whole or not at all: somebody looks for it all the time.
      writeFileSync(`${order}.new`, how)
      renameSync(`${order}.new`, order)
      return Date.now()
    },
  }
}

const until = (what: string, { jobId }: Running, condition: (info: JobInfo) => boolean): Promise<JobInfo> =>
  cluster.untilJob(what, jobId, condition)

/** Running, and with a checkpoint of this attempt to go back to. */
const steady = (job: Running, attempt = 1): Promise<JobInfo> =>
  until(
    'a running job with a checkpoint',
    job,
    ({ status, checkpoints }) =>
      status.state === 'running' &&
      status.attempt >= attempt &&
      checkpoints.some(({ state, triggeredMs }) => state === 'completed' && triggeredMs >= status.stateSinceMs),
  )

const runsAgain = (job: Running, attempt: number): Promise<JobInfo> =>
  until('the job to run again', job, ({ status }) => status.state === 'running' && status.attempt > attempt)

const recordsOf = ({ vertices }: JobInfo): number => vertices.reduce((sum, { recordsIn }) => sum + recordsIn, 0)

test('a killed TaskManager is known within 100 ms and its tasks run again within 2 s', async () => {
  const job = await submit(2)
  await inTime({ known: 100, running: 2000 }, async () => {
    const before = await steady(job)
    const name = before.vertices[0]?.subtasks[0]?.taskManagerId ?? ''
    const victim = cluster.taskManager(name)
    const killedMs = cluster.kill(victim)
    const after = await runsAgain(job, before.status.attempt)
    const failures = after.failures.filter(({ attempt }) => attempt === before.status.attempt)
    const reason = failures.find(({ code }) => code === 'JOBMANAGER_TASKMANAGER_LOST')
    expect(reason?.message).toContain(name)
    await cluster.restart(victim)
    await cluster.until('all slots', async () => (await cluster.client.cluster()).slotsTotal === cluster.slotsTotal)
    // Another slot may have noticed first. By heartbeats it would take seconds.
    const known = (failures.at(-1)?.timeMs ?? Number.NaN) - killedMs
    return { known, running: after.status.stateSinceMs - killedMs }
  })
})

test('a restarted JobManager goes on with its jobs as they run, and with their checkpoints', async () => {
  const job = await submit(2)
  const before = await steady(job)
  cluster.kill(cluster.jobManager)
  await cluster.restart(cluster.jobManager)
  const after = await steady(job, before.status.attempt)
  expect(after.status).toMatchObject({ attempt: before.status.attempt, restarts: before.status.restarts })
  const lines: string[] = []
  for await (const { text } of cluster.client.logs(job.jobId)) lines.push(text)
  expect(lines).toContain(`attempt ${before.status.attempt} runs on`)
})

for (const [how, code] of [
  ['throw', 'USER_CODE_FAILED'],
  ['oom', 'SLOT_OUT_OF_MEMORY'],
] as const) {
  test(`a slot that ${how === 'throw' ? 'throws' : 'runs out of memory'} takes down itself only`, async () => {
    // Both jobs have a slot on each TaskManager.
    const healthy = await submit(2)
    await steady(healthy)
    const sick = await submit(2)
    const before = await steady(sick)
    sick.goWrong(how)
    const after = await runsAgain(sick, before.status.attempt)
    expect(after.failures.map((failure) => failure.code)).toContainEqual(expect.stringMatching(`${code}$`))
    if (how === 'throw') {
      const failure = after.failures.find((each) => each.code.endsWith(code))
      expect(failure).toMatchObject({ uid: 'counts' })
      expect(failure?.message).toContain('told to throw')
      expect(failure?.stack).toContain('recovery-job.ts:')
    }
    const then = await cluster.client.info(healthy.jobId)
    const later = await until('more records', healthy, (info) => recordsOf(info) > recordsOf(then))
    expect(later.status).toMatchObject({ state: 'running', attempt: 1, restarts: 0 })
    expect((await cluster.client.cluster()).taskManagers).toHaveLength(2)
  })
}

const strategies: readonly [string, Readonly<Record<string, string>>, number][] = [
  ['none', {}, 1],
  ['fixed-delay', { 'restart-strategy.fixed-delay.attempts': '2', 'restart-strategy.fixed-delay.delay': '10ms' }, 3],
  [
    'failure-rate',
    {
      'restart-strategy.failure-rate.max-failures-per-interval': '1',
      'restart-strategy.failure-rate.delay': '10ms',
    },
    2,
  ],
  [
    'exponential-delay',
    {
      'restart-strategy.exponential-delay.initial-backoff': '5ms',
      'restart-strategy.exponential-delay.attempts-before-reset-backoff': '2',
    },
    3,
  ],
]
for (const [type, options, attempts] of strategies) {
  test(`strategy ${type} gives a job that always fails up after attempt ${attempts}`, async () => {
    const job = await submit(1, { ...options, 'restart-strategy.type': type, 'recovery.always': 'true' })
    await steady(job)
    job.goWrong('throw')
    const { status } = await until('the end of the job', job, (info) => info.status.terminal)
    expect(status).toMatchObject({ state: 'failed', attempt: attempts, failure: { uid: 'counts' } })
  })
}
