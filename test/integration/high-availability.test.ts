/** JobManagers as processes with a real Redis: what happens when leaders, Redis and connections go. */
import { existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Queue } from 'bullmq'
import { afterEach, expect, it } from 'vitest'
import { listSnapshots } from '../../proto/checkpoint/savepoint.ts'
import { createClusterClient } from '../../proto/client.ts'
import { clientMethods } from '../../proto/generated/services.ts'
import { Channel } from '../../proto/rpc/channel.ts'
import { HaCluster } from '../support/ha-cluster.ts'
import { inTime } from '../support/in-time.ts'
import { testPlan } from '../support/plan.ts'
import { installRedisServer, RedisServer } from '../support/redis-server.ts'

installRedisServer()
let cluster: HaCluster | undefined

afterEach(async () => {
  await cluster?.close()
  cluster = undefined
})

/** Nothing that only one JobManager has: tasks can be gone on with. */
const quiet = { 'fake.results': 'none' }
const checkpoints = { ...quiet, 'execution.checkpointing.interval': '100ms' }

it('a leader that is killed is replaced, and jobs can be submitted within 5 s with the default lease', async () => {
  const all = await HaCluster.start(2)
  cluster = all
  await all.taskManager('tm-1', 4)
  const jobs = [await all.submit(testPlan('first', 1, checkpoints))]
  await all.until(jobs[0] as string, 'running')
  await inTime({ submitted: 5000, running: 10_000 }, async (round) => {
    const { epoch } = await all.client.cluster()
    const before = await all.leader()
    await all.kill(before)
    const beganMs = performance.now()
    const job = await all.submit(testPlan(`after ${round + 1}`, 1))
    const submitted = performance.now() - beganMs
    jobs.push(job)
    await all.until(job, 'running')
    const running = performance.now() - beganMs
    expect(await all.leader()).toBe(1 - before)
    expect((await all.client.cluster()).epoch).toBeGreaterThan(epoch)
    expect(await all.until(jobs[0] as string, 'running')).toMatchObject({ attempt: 1 })
    expect((await all.client.list()).map((each) => each.jobId).sort()).toEqual(jobs.toSorted())
    await all.client.cancel(job)
    await all.until(job, 'canceled')
    await all.startJobManager(before)
    return { submitted, running }
  })
})

it('a standby accepts jobs, and says who leads', async () => {
  cluster = await HaCluster.start(2, { 'high-availability.lease-duration': '1s' }, 'secret word')
  await cluster.taskManager('tm-1', 1)
  const standby = 1 - (await cluster.leader())
  const client = createClusterClient({ address: cluster.address(standby) })
  const job = await cluster.submit(testPlan('job', 1), client)
  await cluster.until(job, 'running')
  expect((await client.list()).map((each) => each.jobId)).toEqual([job])
  await expect(
    client.submit({
      plan: testPlan('job', 1),
      bundle: Buffer.from('//'),
      options: { 'execution.checkpointing.interval': 'soon' },
    }),
  ).rejects.toThrow(/soon/)
  client.close()
})

const fast = { 'high-availability.lease-duration': '1s' }

it('tasks run on without a leader, and the next one goes on with them', async () => {
  cluster = await HaCluster.start(2, fast)
  await cluster.taskManager('tm-1', 2)
  await cluster.taskManager('tm-2', 2)
  const job = await cluster.submit(testPlan('goes on', 4, checkpoints))
  await cluster.until(job, 'running')
  const before = await cluster.leader()
  const last = await cluster.client.checkpoint(job)
  await cluster.kill(before)
  const status = await cluster.until(job, 'running')
  expect(status).toMatchObject({ attempt: 1, restarts: 0, runningSubtasks: 8 })
  expect(await cluster.leader()).toBe(1 - before)
  // Checkpoints go on, with ids that were never used, and can be restored from.
  const next = await cluster.client.checkpoint(job)
  expect(next.checkpointId).toBeGreaterThan(last.checkpointId)
  await cluster.taskManagers[0]?.close()
  await cluster.taskManager('tm-3', 2)
  expect(await cluster.until(job, 'running', 2)).toMatchObject({ attempt: 2 })
  const { restored } = await cluster.client.info(job)
  expect(restored?.checkpointId).toBeGreaterThanOrEqual(next.checkpointId)
})

it('a leader that was stopped past its lease finds another one, and what it still does counts for nothing', async () => {
  cluster = await HaCluster.start(2, fast)
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('fenced', 2, checkpoints))
  await cluster.until(job, 'running')
  const stopped = await cluster.leader()
  const { epoch } = await cluster.client.cluster()
  cluster.signal(stopped, 'SIGSTOP')
  await cluster.until(job, 'running')
  expect(await cluster.leader()).toBe(1 - stopped)
  const { checkpointId } = await cluster.client.checkpoint(job)
  cluster.signal(stopped, 'SIGCONT')
  const old = createClusterClient({ address: cluster.address(stopped) })
  // It sends on to the other one: the very first answer is not its own.
  const answer = await old.cluster()
  expect(answer.address).toBe(cluster.address(1 - stopped))
  expect(answer.epoch).toBeGreaterThan(epoch)
  old.close()
  const next = await cluster.client.checkpoint(job)
  expect(next.checkpointId).toBeGreaterThan(checkpointId)
  expect((await cluster.client.info(job)).status).toMatchObject({ state: 'running', attempt: 1 })
})

it('Redis that is lost and comes back empty loses no job, and the epoch only grows', async () => {
  cluster = await HaCluster.start(2, fast)
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('kept', 1, checkpoints))
  await cluster.until(job, 'running')
  const first = await cluster.client.cluster()
  await cluster.redis.kill()
  await cluster.redis.start()
  const second = await cluster.until(job, 'running')
  expect(second).toMatchObject({ attempt: 1, restarts: 0 })
  const { epoch } = await cluster.client.cluster()
  expect(epoch).toBeGreaterThanOrEqual(first.epoch)
  // And with the loss of the leader at the same time.
  const leader = await cluster.leader()
  await cluster.redis.kill()
  await cluster.kill(leader)
  await cluster.redis.start()
  expect(await cluster.until(job, 'running')).toMatchObject({ attempt: 1 })
  expect((await cluster.client.cluster()).epoch).toBeGreaterThan(epoch)
  const another = await cluster.submit(testPlan('another', 1))
  await cluster.until(another, 'running')
})

it('while Redis is away nobody leads, tasks run on, and jobs are accepted', async () => {
  cluster = await HaCluster.start(2, fast)
  await cluster.taskManager('tm-1', 2)
  const job = await cluster.submit(testPlan('runs on', 1, checkpoints))
  await cluster.until(job, 'running')
  await cluster.redis.kill()
  const one = createClusterClient({ address: cluster.address(0) })
  const channel = new Channel(cluster.address(0))
  const asked = (): Promise<string> =>
    channel.unary(clientMethods.cluster, {}).then(
      () => 'leads',
      (error: { code: string; message: string }) => `${error.code} ${error.message}`,
    )
  await expect.poll(asked).toMatch(/HA_NOT_LEADER .*nobody leads/)
  channel.close()
  const accepted = await cluster.submit(testPlan('accepted', 1), one)
  one.close()
  await cluster.redis.start()
  expect(await cluster.until(job, 'running')).toMatchObject({ attempt: 1 })
  await cluster.until(accepted, 'running')
})

it('two clusters in one directory: the second does not start, and the first does not notice', async () => {
  // With a lease that it does not lose on a busy machine, either.
  cluster = await HaCluster.start(1)
  const { epoch } = await cluster.client.cluster()
  const foreign = await cluster.startJobManager(1, {
    'jobmanager.rpc.port': '0',
    'high-availability.cluster-id': 'other',
  })
  expect(foreign).toMatchObject({ code: 'HA_DIRECTORY_OF_OTHER_CLUSTER' })
  const redisToo = await RedisServer.start()
  try {
    const same = await cluster.startJobManager(2, {
      'jobmanager.rpc.port': '0',
      'high-availability.redis.url': redisToo.url,
    })
    expect(same).toMatchObject({ code: 'HA_DIRECTORY_IN_USE' })
  } finally {
    await redisToo.close()
  }
  expect((await cluster.client.cluster()).epoch).toBe(epoch)
})

it('a savepoint is taken by schedule, also after a change of leader, and only so many are kept', async () => {
  cluster = await HaCluster.start(2, fast)
  await cluster.taskManager('tm-1', 1)
  const schedule = { 'savepoint.schedule': '* * * * * *', 'savepoint.schedule.num-retained': '2' }
  const job = await cluster.submit(
    testPlan('scheduled', 1, { ...checkpoints, 'execution.checkpointing.interval': '1h', ...schedule }),
  )
  await cluster.until(job, 'running')
  const directory = join(cluster.directory, 'ha', 'savepoints', 'scheduled', job)
  const kept = async (): Promise<number> => (await listSnapshots(directory)).filter((each) => 'snapshot' in each).length
  const newest = async (): Promise<number> => {
    const [first] = await listSnapshots(directory)
    return first !== undefined && 'snapshot' in first ? first.snapshot.manifest.checkpointId : 0
  }
  await expect.poll(newest).toBeGreaterThanOrEqual(3)
  await expect.poll(kept).toBeLessThanOrEqual(3)
  await cluster.kill(await cluster.leader())
  const before = await newest()
  await expect.poll(newest).toBeGreaterThan(before + 1)
  await expect.poll(kept).toBeLessThanOrEqual(3)
})

it('checkpoints of a canceled job are deleted although storage refuses at first', async () => {
  cluster = await HaCluster.start(1, fast)
  await cluster.taskManager('tm-1', 1)
  const job = await cluster.submit(testPlan('cleaned', 1, checkpoints))
  await cluster.until(job, 'running')
  await cluster.client.checkpoint(job)
  const root = join(cluster.directory, 'ha', 'checkpoints', job)
  expect(readdirSync(root)).not.toEqual([])
  // A pointer that cannot be read: nothing can be claimed, so nothing may be deleted.
  const pointer = join(root, 'pointer')
  const hidden = join(cluster.directory, 'pointer')
  renameSync(pointer, hidden)
  writeFileSync(pointer, 'no pointer')
  await cluster.client.cancel(job)
  await cluster.until(job, 'canceled')
  const connection = { port: cluster.redis.port }
  const queue = new Queue('cleaning', { connection, prefix: 'millrace:{default}:queues' })
  await expect.poll(() => queue.getDelayedCount()).toBe(1)
  await queue.close()
  rmSync(pointer)
  renameSync(hidden, pointer)
  await expect
    .poll(() =>
      existsSync(root)
        ? readdirSync(root, { recursive: true, withFileTypes: true }).filter(
            (each) => each.isFile() && !each.name.startsWith('.cas'),
          ).length
        : 0,
    )
    .toBe(0)
})
