/** Regions that fail alone: what has no channel to them goes on. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { ControlCluster, testPlan } from '../support/control-cluster.ts'

let cluster: ControlCluster

beforeEach(async () => {
  cluster = await ControlCluster.start()
})
afterEach(async () => {
  await cluster.close()
})

/** Subtask i of one vertex feeds subtask i of the other: as many regions as slots. */
function pipelines(name: string, parallelism: number, options: Record<string, string>): JobPlan {
  const plan = testPlan(name, parallelism, { 'restart-strategy.exponential-delay.initial-backoff': '1ms', ...options })
  return { ...plan, edges: plan.edges.map((edge) => ({ ...edge, partitioner: 'forward' as const })) }
}

const often = { 'execution.checkpointing.interval': '20ms' }
const fails = { 'fake.fault': 'fail', 'fake.fault-slot': '0', 'fake.fault-checkpoint': '2' }

async function starts(job: string): Promise<string[]> {
  const lines: string[] = []
  for await (const { source, text } of cluster.client.logs(job)) if (source === 'start') lines.push(text)
  return lines
}

test('a subtask that fails begins again with those it feeds, from the newest checkpoint; the others are not touched', async () => {
  await cluster.taskManager('tm-1', 3)
  const job = await cluster.submit(pipelines('regions', 3, { ...often, ...fails }))
  await cluster.line(job, 'attempt 2 of what had failed runs')
  const from = await cluster.line(job, '0/0 attempt 2')
  expect(from).toMatch(/^0\/0 attempt 2 from \d+$/)
  expect((await starts(job)).filter((line) => !line.startsWith('0/0 attempt 2')).toSorted()).toEqual([
    '0/0 attempt 1 from 0',
    '0/1 attempt 1 from 0',
    '0/2 attempt 1 from 0',
  ])
  const { status, failures, checkpoints } = await cluster.client.info(job)
  expect(status).toMatchObject({ state: 'running', attempt: 2, restarts: 1, detail: '', runningSubtasks: 6 })
  expect(failures.map(({ message }) => message)).toEqual(['the price was negative'])
  // Checkpoints of all go on, and commit.
  const newest = checkpoints[0]?.checkpointId ?? 0
  await cluster.line(job, `commit ${newest + 2}`)
})

test('a region that loses its TaskManager takes slots elsewhere', async () => {
  await cluster.taskManager('tm-1', 1)
  const second = await cluster.taskManagerProcess('tm-2', 1)
  const job = await cluster.submit(pipelines('moves', 2, often))
  await cluster.until(job, 'running')
  await cluster.taskManager('tm-3', 1)
  await cluster.line(job, 'commit 1')
  const where = async () =>
    (await cluster.client.info(job)).vertices[0]?.subtasks.map((each) => each.taskManagerId) ?? []
  const before = await where()
  expect(before).toContain('tm-2')
  second.kill('SIGKILL')
  await cluster.line(job, 'attempt 2 of what had failed runs')
  const after = await where()
  expect(after.toSorted()).toEqual(['tm-1', 'tm-3'])
  expect(after.filter((id, i) => before[i] === id)).toHaveLength(1)
  expect((await starts(job)).filter((line) => line.includes('attempt 1'))).toHaveLength(2)
})

test('a region that fails while another begins again begins again with it, and the others go on', async () => {
  await cluster.taskManager('tm-1', 1)
  const [second, third] = [await cluster.taskManagerProcess('tm-2', 1), await cluster.taskManagerProcess('tm-3', 1)]
  const options = { ...often, 'restart-strategy.exponential-delay.initial-backoff': '300ms' }
  const job = await cluster.submit(pipelines('two', 3, options))
  await cluster.line(job, 'commit 1')
  second.kill('SIGKILL')
  // Told as soon as it is so.
  for await (const { detail } of cluster.client.watch(job)) if (detail.includes('1 of 3 slots begin again')) break
  third.kill('SIGKILL')
  await cluster.taskManager('tm-4', 2)
  await cluster.line(job, 'attempt 2 of what had failed runs')
  const attempts = (await starts(job)).map((line) => line.slice(0, '0/0 attempt 1'.length)).toSorted()
  expect(attempts.filter((line) => line.endsWith('1'))).toHaveLength(3)
  expect(attempts.filter((line) => line.endsWith('2'))).toHaveLength(2)
  const { status, failures, vertices } = await cluster.client.info(job)
  expect(status).toMatchObject({ state: 'running', attempt: 2, restarts: 1, detail: '', runningSubtasks: 6 })
  expect(failures).toHaveLength(2)
  expect(vertices[0]?.subtasks.map((each) => each.taskManagerId).toSorted()).toEqual(['tm-1', 'tm-4', 'tm-4'])
})

test('a region without a slot waits and says so, while the others run, and takes one that comes late', async () => {
  await cluster.taskManager('tm-1', 1)
  const second = await cluster.taskManagerProcess('tm-2', 1)
  const job = await cluster.submit(pipelines('waits', 2, often))
  await cluster.until(job, 'running')
  second.kill('SIGKILL')
  await expect.poll(async () => (await cluster.client.info(job)).status.detail).toContain('needs 1 slot, 1 missing')
  expect((await cluster.client.info(job)).status).toMatchObject({ state: 'running', runningSubtasks: 2 })
  await expect(cluster.client.savepoint(job)).rejects.toMatchObject({ code: 'JOBMANAGER_NOT_RUNNING' })
  await cluster.taskManager('tm-3', 1)
  await cluster.line(job, 'attempt 2 of what had failed runs')
  expect((await cluster.client.savepoint(job)).path).toContain('savepoint')
})

test('a region can fail again and again, and a cancel ends all attempts of the job', async () => {
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(pipelines('again', 2, { ...often, ...fails, 'fake.fault-attempts': '2' }))
  await expect
    .poll(async () => (await cluster.client.info(job)).status)
    .toMatchObject({ state: 'running', attempt: 3, detail: '' })
  const { failures } = await cluster.client.info(job)
  expect(failures.map(({ attempt }) => attempt)).toEqual([2, 1])
  await cluster.client.cancel(job)
  await cluster.until(job, 'canceled')
  await expect.poll(async () => (await cluster.client.cluster()).slotsFree).toBe(2)
})

test('a job whose region begins again can be cancelled at any moment', async () => {
  await cluster.taskManager('tm-1', 2)
  for (const pause of ['1ms', '1h']) {
    const options = { ...often, ...fails, 'restart-strategy.exponential-delay.initial-backoff': pause }
    const job = await cluster.submit(pipelines(`cancelled-${pause}`, 2, options))
    await cluster.line(job, 'failure: the price was negative')
    await cluster.client.cancel(job)
    await cluster.until(job, 'canceled')
    await expect.poll(async () => (await cluster.client.cluster()).slotsFree).toBe(2)
  }
})

test('a rescale waits for a region that begins again', async () => {
  await cluster.taskManager('tm-1', 3)
  const options = { ...often, ...fails, 'restart-strategy.exponential-delay.initial-backoff': '100ms' }
  const job = await cluster.submit(pipelines('rescaled', 2, options))
  await cluster.line(job, 'failure: the price was negative')
  const { status } = await cluster.client.rescale(job, { parallelism: 3 })
  expect(status).toMatchObject({ state: 'running', attempt: 3, restarts: 1, totalSubtasks: 6 })
})

test('a JobManager that is started again goes on with a job whose regions are of different attempts', async () => {
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(pipelines('recovered', 2, { ...often, ...fails }))
  await cluster.line(job, 'attempt 2 of what had failed runs')
  await cluster.restartJobManager()
  await expect
    .poll(async () => (await cluster.client.info(job)).status)
    .toMatchObject({ state: 'running', detail: '', runningSubtasks: 4 })
  const { checkpointId } = await cluster.client.checkpoint(job)
  expect(await cluster.line(job, `commit ${checkpointId}`)).toBe(`commit ${checkpointId}`)
})
