/** Another parallelism, as the control plane sees it: who is asked, what is stored, what is refused. Slots only speak. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ControlCluster, testPlan } from '../support/control-cluster.ts'

let cluster: ControlCluster

beforeEach(async () => {
  cluster = await ControlCluster.start()
})
afterEach(async () => {
  await cluster.close()
})

const seldom = { 'execution.checkpointing.interval': '1h' }

const sizes = async (job: string): Promise<number[]> =>
  (await cluster.client.info(job)).vertices.map(({ parallelism }) => parallelism)

test('a job goes on from a checkpoint with more subtasks, then with fewer, and that is no failure', async () => {
  await cluster.taskManager('tm-1', 5)
  const job = await cluster.submit(testPlan('scaled', 1, seldom))
  await cluster.until(job, 'running')
  const more = await cluster.client.rescale(job, { parallelism: 5 })
  expect(more.vertices).toEqual([
    { name: 'numbers', before: 1, after: 5 },
    { name: 'out', before: 1, after: 5 },
  ])
  expect(more.status).toMatchObject({ state: 'running', attempt: 2, restarts: 0, totalSubtasks: 10 })
  // One checkpoint while the job ran, one that ended its tasks.
  expect(await cluster.line(job, '0/4 attempt 2')).toBe('0/4 attempt 2 from 2')
  const fewer = await cluster.client.rescale(job, { parallelism: 2 })
  expect(fewer.status).toMatchObject({ state: 'running', attempt: 3, restarts: 0, totalSubtasks: 4 })
  expect(fewer.interruptedMs).toBeLessThanOrEqual(fewer.durationMs)
  expect(await sizes(job)).toEqual([2, 2])
  await expect.poll(async () => (await cluster.client.cluster()).slotsFree).toBe(3)
  const { checkpoints, failures } = await cluster.client.info(job)
  expect(failures).toEqual([])
  expect(checkpoints.map(({ state }) => state)).toEqual(['completed', 'completed', 'completed', 'completed'])
})

test('the new parallelism outlives failures and the JobManager', async () => {
  await cluster.taskManager('tm-1', 4)
  const job = await cluster.submit(testPlan('durable', 1, seldom))
  await cluster.until(job, 'running')
  await cluster.client.rescale(job, { parallelism: 3 })
  await cluster.restartJobManager()
  const status = await cluster.until(job, 'running', 3)
  expect(status).toMatchObject({ totalSubtasks: 6, restarts: 1 })
  expect(await sizes(job)).toEqual([3, 3])
})

test('single operators get a number of their own, and forward edges between unequal ones deal round', async () => {
  await cluster.taskManager('tm-1', 4)
  const plan = testPlan('single', 2, seldom)
  const edges = plan.edges.map((edge) => ({ ...edge, partitioner: 'forward' as const }))
  const job = await cluster.submit({ ...plan, edges })
  await cluster.until(job, 'running')
  await cluster.client.rescale(job, { operators: { out: 4 } })
  expect(await sizes(job)).toEqual([2, 4])
  expect((await cluster.client.info(job)).plan.edges[0]?.partitioner).toBe('rebalance')
  await cluster.client.rescale(job, { parallelism: 3, operators: { out: 1 } })
  expect(await sizes(job)).toEqual([3, 1])
  await cluster.client.rescale(job, { parallelism: 3 })
  expect(await sizes(job)).toEqual([3, 3])
  expect((await cluster.client.info(job)).plan.edges[0]?.partitioner).toBe('forward')
})

test('a parallelism that the job has already changes nothing', async () => {
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('same', 2, seldom))
  await cluster.until(job, 'running')
  const same = await cluster.client.rescale(job, { parallelism: 2 })
  expect(same.status).toMatchObject({ attempt: 1, state: 'running' })
  expect((await cluster.client.info(job)).checkpoints).toEqual([])
})

test('with too few slots it says how many are missing, and the job goes on untouched', async () => {
  await cluster.taskManager('tm-1', 3)
  const job = await cluster.submit(testPlan('small', 2, seldom))
  await cluster.until(job, 'running')
  const refused = cluster.client.rescale(job, { parallelism: 8 })
  await expect(refused).rejects.toMatchObject({ code: 'JOBMANAGER_TOO_FEW_SLOTS' })
  await expect(refused).rejects.toThrow(
    'would need 8 slots, and there are 3 for it: 1 free and 2 of its own. It goes on as it was',
  )
  expect((await cluster.client.info(job)).status).toMatchObject({ state: 'running', attempt: 1 })
  await cluster.taskManager('tm-2', 5)
  await cluster.client.rescale(job, { parallelism: 8 })
  expect(await sizes(job)).toEqual([8, 8])
})

test('a job that waits for slots runs when it is made small enough', async () => {
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('waits', 3))
  await expect.poll(async () => (await cluster.client.info(job)).status.detail).toContain('1 missing')
  const still = await cluster.client.rescale(job, { parallelism: 4 })
  expect(still.status).toMatchObject({ state: 'waiting-for-resources' })
  expect(still.status.detail).toContain('needs 4 slots, 2 missing')
  const now = await cluster.client.rescale(job, { parallelism: 2 })
  expect(now.status.state).toBe('running')
})

test('what cannot be meant is refused with a sentence', async () => {
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('refuses', 1, seldom))
  await cluster.until(job, 'running')
  const refused = async (
    code: string,
    to: Parameters<typeof cluster.client.rescale>[1],
    which = job,
  ): Promise<void> => {
    await expect(cluster.client.rescale(which, to)).rejects.toMatchObject({ code: `JOBMANAGER_${code}` })
  }
  await refused('BAD_PARALLELISM', { parallelism: 40_000 })
  await refused('BAD_PARALLELISM', { operators: { out: 0 } })
  await refused('NO_SUCH_OPERATOR', { operators: { oout: 2 } })
  await refused('NO_SUCH_JOB', { parallelism: 2 }, 'nobody')
  const without = await cluster.submit(testPlan('no-checkpoints', 1))
  await cluster.until(without, 'running')
  await refused('NO_CHECKPOINTING', { parallelism: 2 }, without)
  await cluster.client.cancel(without)
  await cluster.until(without, 'canceled')
  await refused('JOB_ENDED', { parallelism: 2 }, without)
  expect((await cluster.client.info(job)).status).toMatchObject({ state: 'running', attempt: 1 })
})

test('operators that the job gives a number of their own are passed by, unless they are named', async () => {
  await cluster.taskManager('tm-1', 3)
  const plan = testPlan('own', 1, seldom)
  const vertices = plan.vertices.map((vertex) => (vertex.id === 1 ? { ...vertex, fixed: true as const } : vertex))
  const job = await cluster.submit({ ...plan, vertices })
  await cluster.until(job, 'running')
  await cluster.client.rescale(job, { parallelism: 2 })
  expect(await sizes(job)).toEqual([2, 1])
  await cluster.client.rescale(job, { operators: { out: 3 } })
  expect(await sizes(job)).toEqual([2, 3])
})

test('a checkpoint that is declined leaves the job as it was, running', async () => {
  await cluster.taskManager('tm-1', 2)
  const options = { ...seldom, 'fake.snapshot': 'decline', 'restart-strategy.type': 'none' }
  const job = await cluster.submit(testPlan('declines', 1, options))
  await cluster.until(job, 'running')
  const refused = cluster.client.rescale(job, { parallelism: 2 })
  await expect(refused).rejects.toMatchObject({ code: 'JOBMANAGER_RESCALE_FAILED' })
  await expect(refused).rejects.toThrow('the disk is full')
  expect((await cluster.client.info(job)).status).toMatchObject({ state: 'running', attempt: 1 })
  expect(await sizes(job)).toEqual([1, 1])
})

test('two at once are done one after the other, also beside checkpoints', async () => {
  await cluster.taskManager('tm-1', 4)
  const job = await cluster.submit(testPlan('twice', 1, { 'execution.checkpointing.interval': '5ms' }))
  await cluster.until(job, 'running')
  const both = await Promise.all([
    cluster.client.rescale(job, { parallelism: 4 }),
    cluster.client.rescale(job, { parallelism: 2 }),
  ])
  expect(both.map(({ vertices }) => `${vertices[0]?.before} -> ${vertices[0]?.after}`)).toEqual(['1 -> 4', '4 -> 2'])
  expect(await sizes(job)).toEqual([2, 2])
})

test('a cancel in the middle ends the job, and the request says so', async () => {
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('cancelled', 1, { ...seldom, 'fake.snapshot': 'silent' }))
  await cluster.until(job, 'running')
  const request = cluster.client.rescale(job, { parallelism: 2 })
  request.catch(() => undefined)
  await expect.poll(async () => (await cluster.client.info(job)).checkpoints.length).toBe(1)
  await cluster.client.cancel(job)
  await expect(request).rejects.toMatchObject({ code: 'JOBMANAGER_RESCALE_FAILED' })
  await cluster.until(job, 'canceled')
})

test('a job that fails again and again is held back, and its reason is in the list', async () => {
  await cluster.taskManager('tm-1', 1)
  const options = {
    'fake.fault': 'fail',
    'fake.fault-attempts': '1000',
    'restart-strategy.exponential-delay.initial-backoff': '1s',
    'restart-strategy.exponential-delay.max-backoff': '1h',
    'restart-strategy.exponential-delay.backoff-multiplier': '100',
  }
  const job = await cluster.submit(testPlan('crashes', 1, options))
  await expect
    .poll(async () => (await cluster.client.list())[0]?.detail)
    .toBe('restarts in 100000 ms: the price was negative')
  const { status, failures } = await cluster.client.info(job)
  expect(status).toMatchObject({ state: 'restarting', attempt: 2, restarts: 1 })
  expect(status.failure).toMatchObject({ operator: 'parse', code: 'USER_ERROR' })
  expect(failures).toHaveLength(2)
})

test('a reactive job takes the slots of a TaskManager that joins late, when they stay', async () => {
  const options = {
    ...seldom,
    'scheduler-mode': 'reactive',
    'jobmanager.adaptive-scheduler.executing.resource-stabilization-timeout': '50ms',
  }
  const job = await cluster.submit(testPlan('follows', 1, options))
  await cluster.taskManager('tm-1', 2)
  await cluster.until(job, 'running')
  expect(await sizes(job)).toEqual([2, 2])
  await cluster.taskManager('tm-2', 1)
  await cluster.until(job, 'running', 2)
  expect(await sizes(job)).toEqual([3, 3])
  expect((await cluster.client.info(job)).status).toMatchObject({ restarts: 0, attempt: 2 })
})

test('a job waits for one that follows the slots, which waits for those before it, and both say so', async () => {
  await cluster.taskManager('tm-1', 2)
  const first = await cluster.submit(testPlan('first', 1, seldom))
  await cluster.until(first, 'running')
  const follows = await cluster.submit(testPlan('follows', 1, { ...seldom, 'scheduler-mode': 'reactive' }))
  const last = await cluster.submit(testPlan('last', 1, seldom))
  const detail = (job: string) => expect.poll(async () => (await cluster.client.info(job)).status.detail)
  await detail(follows).toMatch(/needs the cluster for itself .* when job first has ended/)
  await detail(last).toMatch(/job follows takes all that there are/)
  await cluster.client.cancel(first)
  await cluster.until(follows, 'running')
  expect(await sizes(follows)).toEqual([2, 2])
  // Slots that come are for it, too.
  await cluster.taskManager('tm-2', 1)
  await detail(last).toMatch(/job follows takes all that there are/)
  await cluster.client.cancel(follows)
  await cluster.until(last, 'running')
})

test('a TaskManager that leaves gets no more work, and its tasks go elsewhere first', async () => {
  const leaving = await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('moves', 2, seldom))
  const without = await cluster.submit(testPlan('begins-anew', 1))
  await cluster.until(job, 'running')
  await cluster.taskManager('tm-2', 3)
  await cluster.until(without, 'running')
  await leaving.drain()
  const moved = await cluster.until(job, 'running', 2)
  expect(moved).toMatchObject({ attempt: 2, restarts: 0 })
  const { vertices, failures } = await cluster.client.info(job)
  expect(vertices.flatMap(({ subtasks }) => subtasks.map((each) => each.taskManagerId))).not.toContain('tm-1')
  expect(failures).toEqual([])
  const { taskManagers, slotsFree } = await cluster.client.cluster()
  expect(taskManagers.map(({ id, leaving: goes }) => [id, goes])).toEqual([
    ['tm-1', true],
    ['tm-2', false],
  ])
  expect(slotsFree).toBe(0)
})
