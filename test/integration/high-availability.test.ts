/** JobManagers as processes with a real Redis: what happens when leaders, Redis and connections go. */
import { afterEach, expect, it } from 'vitest'
import { createClusterClient } from '../../proto/client.ts'
import { HaCluster } from '../support/ha-cluster.ts'
import { testPlan } from '../support/plan.ts'
import { hasRedisServer } from '../support/redis-server.ts'

const redis = hasRedisServer()
let cluster: HaCluster | undefined

afterEach(async () => {
  await cluster?.close()
  cluster = undefined
})

/** Nothing that only one JobManager has: tasks can be gone on with. */
const quiet = { 'fake.results': 'none' }
const checkpoints = { ...quiet, 'execution.checkpointing.interval': '100ms' }

it.skipIf(!redis)(
  'a leader that is killed is replaced, and jobs can be submitted within 5 s with the default lease',
  { timeout: 60_000 },
  async () => {
    cluster = await HaCluster.start(2)
    await cluster.taskManager('tm-1', 4)
    const job = await cluster.submit(testPlan('first', 1, checkpoints))
    await cluster.until(job, 'running')
    const { epoch } = await cluster.client.cluster()
    const before = await cluster.leader()
    await cluster.kill(before)
    const begun = performance.now()
    const second = await cluster.submit(testPlan('second', 1))
    const took = performance.now() - begun
    console.log(`submitted again after ${Math.round(took)} ms`)
    expect(took).toBeLessThan(5000)
    await cluster.until(second, 'running')
    expect(performance.now() - begun).toBeLessThan(10_000)
    expect(await cluster.leader()).toBe(1 - before)
    expect((await cluster.client.cluster()).epoch).toBeGreaterThan(epoch)
    const status = await cluster.until(job, 'running')
    console.log(`attempt ${status.attempt}`)
    expect((await cluster.client.list()).map((each) => each.jobId).sort()).toEqual([job, second].sort())
  },
)

it.skipIf(!redis)('a standby accepts jobs, and says who leads', { timeout: 60_000 }, async () => {
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
