/** The control plane with real connections, threads and files, and slots that only speak. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { ControlCluster, testPlan } from '../support/control-cluster.ts'

let cluster: ControlCluster

beforeEach(async () => {
  cluster = await ControlCluster.start()
})
afterEach(async () => {
  await cluster.close()
})

const checkpoints = { 'execution.checkpointing.interval': '20ms' }
const seldom = { 'execution.checkpointing.interval': '1h' }

test('a bounded job without checkpoints runs and finishes', async () => {
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('bounded', 2, { 'fake.input': 'bounded' }))
  await cluster.until(job, 'finished')
})

test('a job waits for slots, says how many are missing, and takes them when they come', async () => {
  await cluster.taskManager('tm-1', 1)
  const job = await cluster.submit(testPlan('waits', 3))
  const waiting = await cluster.until(job, 'waiting-for-resources')
  await expect
    .poll(async () => (await cluster.client.info(job)).status.detail)
    .toContain('needs 3 slots, 2 missing: 1 of 1 slot')
  expect(waiting.attempt).toBe(0)
  await cluster.taskManager('tm-2', 2)
  expect((await cluster.until(job, 'running')).attempt).toBe(1)
  const info = await cluster.client.info(job)
  expect(info.vertices.map((vertex) => vertex.subtasks.map((subtask) => subtask.state))).toEqual([
    ['running', 'running', 'running'],
    ['running', 'running', 'running'],
  ])
  expect((await cluster.client.cluster()).slotsFree).toBe(0)
})

test('a cancelled job gives its slots back', async () => {
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('cancelled', 2))
  await cluster.until(job, 'running')
  await cluster.client.cancel('cancelled')
  await cluster.until(job, 'canceled')
  await expect.poll(async () => (await cluster.client.cluster()).slotsFree).toBe(2)
})

test('subtasks are spread evenly over TaskManagers', async () => {
  await cluster.taskManager('tm-1', 2)
  await cluster.taskManager('tm-2', 2)
  const job = await cluster.submit(testPlan('spread', 2))
  await cluster.until(job, 'running')
  const { vertices } = await cluster.client.info(job)
  expect(vertices[0].subtasks.map((subtask) => subtask.taskManagerId).sort()).toEqual(['tm-1', 'tm-2'])
})

test('checkpoints complete, and a failed attempt goes on from the newest', async () => {
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('restored', 2, checkpoints))
  await cluster.until(job, 'running')
  await cluster.line(job, 'commit 2')
  // Another one with the same id takes the place of the first, whose connection is closed.
  await cluster.taskManager('tm-1', 2)
  await cluster.until(job, 'running', 2)
  const line = await cluster.line(job, '0/0 attempt 2 from')
  const from = Number(/from (\d+)/.exec(line)?.[1])
  expect(from).toBeGreaterThanOrEqual(2)
  const { restored } = await cluster.client.info(job)
  expect(restored).toMatchObject({ checkpointId: from, kind: 'checkpoint', jobId: job })
  expect(restored?.path).toMatch(/^file:/)
  expect(await cluster.line(job, 'attempt 2 runs')).toMatch(/ms after the failure: cancel \d+ ms, slots \d+ ms/)
})

test('a bounded job with checkpoints takes a last one and commits it before it finishes', async () => {
  await cluster.taskManager('tm-1', 1)
  const job = await cluster.submit(testPlan('drained', 1, { ...seldom, 'fake.input': 'bounded' }))
  await cluster.until(job, 'finished')
  const { checkpoints: history } = await cluster.client.info(job)
  expect(history.map(({ kind, state }) => `${kind} ${state}`)).toEqual(['final completed'])
  expect(await cluster.line(job, 'commit')).toBe('commit 1')
})

for (const drain of [false, true]) {
  test(`a job stopped with a savepoint ${drain ? 'and drained ' : ''}finishes after the commit and starts again from it`, async () => {
    await cluster.taskManager('tm-1', 1)
    const job = await cluster.submit(testPlan('stopped', 1, seldom))
    await cluster.until(job, 'running')
    const savepoint = await cluster.client.stop(job, { drain })
    const { status } = await cluster.client.info(job)
    expect(status).toMatchObject({ state: 'finished', savepointPath: savepoint.path })
    await cluster.line(job, `commit ${savepoint.checkpointId}`)
    const again = await cluster.submit(testPlan('stopped', 1, seldom), savepoint.path)
    expect(await cluster.line(again, '0/0 attempt 1')).toBe(`0/0 attempt 1 from ${savepoint.checkpointId}`)
    const { restored } = await cluster.client.info(again)
    expect(restored).toEqual({
      checkpointId: savepoint.checkpointId,
      path: savepoint.path,
      kind: 'savepoint',
      jobId: job,
    })
    await cluster.client.cancel(again)
    await cluster.until(again, 'canceled')
    await cluster.client.disposeSavepoint(savepoint.path)
    await expect(cluster.submit(testPlan('stopped', 1), savepoint.path)).rejects.toThrow(
      /CHECKPOINT|no snapshot|there is/i,
    )
  })
}

test('a savepoint does not commit, a checkpoint on request does', async () => {
  await cluster.taskManager('tm-1', 1)
  const job = await cluster.submit(testPlan('asked', 1, seldom))
  await cluster.until(job, 'running')
  await cluster.client.savepoint(job)
  const { checkpointId } = await cluster.client.checkpoint(job)
  expect(await cluster.line(job, 'commit ')).toBe(`commit ${checkpointId}`)
})

test('a declined checkpoint fails the request with the reason, and the tolerable number of them not the job', async () => {
  await cluster.taskManager('tm-1', 1)
  const options = { ...checkpoints, 'fake.snapshot': 'decline', 'restart-strategy.type': 'none' }
  const tolerant = { ...options, 'execution.checkpointing.tolerable-failed-checkpoints': '3' }
  const job = await cluster.submit(testPlan('declines', 1, tolerant))
  const { failure } = await cluster.until(job, 'failed')
  expect(failure).toMatchObject({ code: 'JOBMANAGER_CHECKPOINTS_FAILING' })
  expect(failure?.message).toContain('4 checkpoints failed')
  expect(failure?.message).toContain('the disk is full')
})

test('a checkpoint that nobody answers is given up after its timeout', async () => {
  await cluster.taskManager('tm-1', 1)
  const options = { ...seldom, 'fake.snapshot': 'silent', 'execution.checkpointing.timeout': '50ms' }
  const job = await cluster.submit(testPlan('silent', 1, options))
  await cluster.until(job, 'running')
  await expect(cluster.client.savepoint(job)).rejects.toMatchObject({ code: 'JOBMANAGER_CHECKPOINT_FAILED' })
  expect((await cluster.client.info(job)).status.state).toBe('running')
})

test('a stop whose savepoint could not be stored where it is to go begins nothing', async () => {
  await cluster.taskManager('tm-1', 1)
  const job = await cluster.submit(testPlan('goes-on', 1, seldom))
  await cluster.until(job, 'running')
  const file = join(cluster.directory, 'a-file')
  writeFileSync(file, 'no directory')
  const places = ['ftp://host/savepoints', file, '/proc/savepoints'] as const
  const wrong = [/kind ftp: is not known/, /a file stands in the way/, /could not write/]
  for (const [index, savepointPath] of places.entries()) {
    const refused = cluster.client.stop(job, { savepointPath })
    await expect(refused).rejects.toMatchObject({ code: 'JOBMANAGER_NO_PLACE_FOR_SAVEPOINT' })
    await expect(refused).rejects.toThrow(wrong[index])
  }
  const { status, checkpoints: taken } = await cluster.client.info(job)
  expect(status).toMatchObject({ state: 'running', attempt: 1, restarts: 0 })
  expect(taken).toEqual([])
  const savepointPath = join(cluster.directory, 'savepoints')
  const { path } = await cluster.client.stop(job, { savepointPath })
  expect(readdirSync(savepointPath)).toEqual([path.slice(path.lastIndexOf('/') + 1)])
})

test('a stop whose savepoint fails leaves the job running', async () => {
  await cluster.taskManager('tm-1', 1)
  const job = await cluster.submit(testPlan('unstoppable', 1, { ...seldom, 'fake.snapshot': 'decline' }))
  await cluster.until(job, 'running')
  await expect(cluster.client.stop(job)).rejects.toMatchObject({ code: 'JOBMANAGER_STOP_FAILED' })
  expect((await cluster.until(job, 'running', 2)).restarts).toBe(1)
})

for (const [fault, code] of [
  ['throw', 'TASKMANAGER_SLOT_DIED'],
  ['exit', 'TASKMANAGER_SLOT_DIED'],
  ['oom', 'TASKMANAGER_SLOT_OUT_OF_MEMORY'],
  ['fail', 'USER_ERROR'],
] as const) {
  test(`a slot with the fault "${fault}" fails the attempt with ${code}, and the job runs again`, async () => {
    await cluster.taskManager('tm-1', 2)
    const job = await cluster.submit(testPlan('faulty', 2, { 'fake.fault': fault, 'fake.fault-slot': '1' }))
    await cluster.until(job, 'running', 2)
    const { failures } = await cluster.client.info(job)
    expect(failures.at(-1)).toMatchObject({ code, attempt: 1 })
  })
}

test('user code that never returns is named and the slot replaced', async () => {
  await cluster.taskManager('tm-1', 1, { 'task.watchdog.timeout': '100ms' })
  const job = await cluster.submit(testPlan('spins', 1, { 'fake.fault': 'spin' }))
  await cluster.until(job, 'running', 2)
  const { failures } = await cluster.client.info(job)
  expect(failures.at(-1)).toMatchObject({ code: 'TASKMANAGER_STUCK', operator: 'op', uid: 'numbers' })
})

test('a slot that ignores a cancel is replaced', async () => {
  await cluster.taskManager('tm-1', 1, { 'task.cancellation.timeout': '50ms' })
  const job = await cluster.submit(testPlan('deaf', 1, { 'fake.cancel': 'ignore' }))
  await cluster.until(job, 'running')
  await cluster.client.cancel(job)
  await cluster.until(job, 'canceled')
  await expect.poll(async () => (await cluster.client.cluster()).slotsFree).toBe(1)
})

test('strategy none gives up at the first failure, fixed-delay after so many', async () => {
  await cluster.taskManager('tm-1', 1)
  const always = { 'fake.fault': 'fail', 'fake.fault-attempts': '100' }
  const once = await cluster.submit(testPlan('none', 1, { ...always, 'restart-strategy.type': 'none' }))
  expect((await cluster.until(once, 'failed')).attempt).toBe(1)
  const fixed = {
    ...always,
    'restart-strategy.type': 'fixed-delay',
    'restart-strategy.fixed-delay.attempts': '2',
    'restart-strategy.fixed-delay.delay': '1ms',
  }
  const thrice = await cluster.submit(testPlan('fixed', 1, fixed))
  const failed = await cluster.until(thrice, 'failed')
  expect(failed.attempt).toBe(3)
  expect(failed.failure).toMatchObject({ code: 'USER_ERROR', operator: 'parse' })
  expect(failed.failure?.where).toContain('subtask 1 of 1 on tm-1')
})

test('results come once and in order although an attempt repeats them', async () => {
  await cluster.taskManager('tm-1', 1)
  const job = await cluster.submit(testPlan('results', 1, { 'fake.fault': 'fail' }))
  await cluster.until(job, 'running', 2)
  await cluster.client.cancel(job)
  const records: unknown[] = []
  for await (const batch of cluster.client.results(job)) records.push(...batch.records)
  expect(records).toEqual([0, 1, 2])
})

test('a restarted JobManager goes on with its jobs from their newest checkpoint, with a higher epoch', async () => {
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('survivor', 2, checkpoints))
  const done = await cluster.submit(testPlan('done', 1, { 'fake.input': 'bounded' }))
  await cluster.line(job, 'commit 1')
  const { epoch } = await cluster.client.cluster()
  await cluster.restartJobManager()
  expect((await cluster.client.cluster()).epoch).toBe(epoch + 1)
  await cluster.until(job, 'running', 2)
  const line = await cluster.line(job, '0/1 attempt 2 from')
  expect(Number(/from (\d+)/.exec(line)?.[1])).toBeGreaterThanOrEqual(1)
  expect((await cluster.client.info(done)).status.jobId).toBe(done)
})
