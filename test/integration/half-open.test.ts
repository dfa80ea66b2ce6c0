/** Connections between slots of two real TaskManagers that are dead without anybody having been told. */
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Environment, usualConfiguration } from '../chaos/environment.ts'

const jobFile = fileURLToPath(new URL('./unaligned-job.ts', import.meta.url))
const silenceMs = 2000
let environment: Environment

beforeAll(async () => {
  environment = await Environment.start(
    { ...usualConfiguration, taskManagers: 2, slots: 1 },
    { 'taskmanager.network.silence-timeout': `${silenceMs}ms` },
  )
})
afterAll(() => environment.close())

test('are found in seconds, without a checkpoint that fails, and the job goes on over new ones', async () => {
  const { cluster, network } = environment
  // Never slow: no such file. Longer than the test takes.
  const given = { count: '1000000000', slow: 'no-such-file', 'execution.checkpointing.interval': '1h' }
  const job = await cluster.submit(jobFile, given, 2)
  await cluster.untilJob('records that pass', job, ({ status, vertices }) => {
    const passed = vertices.at(-1)?.subtasks.every(({ recordsIn }) => recordsIn > 0) === true
    return status.state === 'running' && passed
  })
  const link = ['tm-1', 'tm-2'] as const
  expect(network.count(link)).toBeGreaterThan(0)
  network.hurt(link, 'half-open')
  const { status } = await cluster.untilJob('a new attempt', job, (info) => {
    return info.status.attempt === 2 && info.status.state === 'running'
  })
  expect(status.failure).toMatchObject({ code: 'NETWORK_CONNECTION_LOST' })
  expect(status.failure?.message).toMatch(/nothing came for 2s/)
  await cluster.client.cancel(job)
})
