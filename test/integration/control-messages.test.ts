/** Messages of a TaskManager that make no sense: the job they are about may fail, the TaskManager and all else go on. */
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { controlMethods } from '../../proto/generated/services.ts'
import type { FromTaskManager, ToTaskManager } from '../../proto/generated/shapes.ts'
import { Channel } from '../../proto/rpc/channel.ts'
import type { Method } from '../../proto/rpc/method.ts'
import { packageVersion, protocolVersion } from '../../proto/rpc/version.ts'
import { ControlCluster, testPlan } from '../support/control-cluster.ts'

let cluster: ControlCluster
let channel: Channel
let stream: ClientDuplexStream<FromTaskManager | Buffer, ToTaskManager>
let ended: unknown
const orders: ToTaskManager[] = []

const { connect } = controlMethods
/** The same method; bytes go out as they are. */
const raw: Method<FromTaskManager | Buffer, ToTaskManager> = {
  ...connect,
  requestSerialize: (message) => (Buffer.isBuffer(message) ? message : connect.requestSerialize(message)),
  requestDeserialize: connect.requestDeserialize,
}

beforeEach(async () => {
  cluster = await ControlCluster.start()
  channel = new Channel(`127.0.0.1:${cluster.config['jobmanager.rpc.port']}`)
  orders.length = 0
  ended = undefined
  stream = channel.duplex(raw)
  stream.on('data', (message: ToTaskManager) => orders.push(message))
  stream.on('error', (error) => {
    ended = error
  })
  stream.write({
    kind: 'register',
    id: 'odd',
    host: '127.0.0.1',
    hostName: 'odd',
    protocol: protocolVersion,
    version: packageVersion,
    arenaBytes: 0,
    processId: 1,
    slots: [{ slot: 0, port: 9, jobId: '', attempt: 0, subtasks: [], checkpointId: 0 }],
  })
  await ordered('registered')
})
afterEach(async () => {
  stream.cancel()
  channel.close()
  await cluster.close()
})

/** The next order of that kind. */
async function ordered<K extends ToTaskManager['kind']>(kind: K): Promise<Extract<ToTaskManager, { kind: K }>> {
  const index = (): number => orders.findIndex((order) => order.kind === kind)
  await expect.poll(index).not.toBe(-1)
  return orders.splice(index(), 1)[0] as Extract<ToTaskManager, { kind: K }>
}

const once = { 'restart-strategy.type': 'none', 'execution.checkpointing.interval': '1h' }

/** The job runs on the one slot that there is. */
async function running(name: string): Promise<{ job: string; attempt: number }> {
  const job = await cluster.submit(testPlan(name, 1, once))
  const { jobId, attempt } = await ordered('deploy')
  for (const state of ['initializing', 'running'] as const) {
    for (const vertex of [0, 1]) stream.write({ kind: 'taskState', jobId, attempt, vertex, subtask: 0, state })
  }
  await cluster.until(job, 'running')
  return { job, attempt }
}

async function releasedBy(job: string, attempt: number): Promise<void> {
  await ordered('cancel')
  stream.write({ kind: 'slotReleased', slot: 0, jobId: job, attempt })
}

test('an acknowledgement that is no JSON fails its job, and the TaskManager takes the next one', async () => {
  const { job, attempt } = await running('garbled')
  const asked = cluster.client.checkpoint(job).catch((error: unknown) => error)
  const { checkpointId } = await ordered('triggerCheckpoint')
  const snapshotJson = Buffer.from('{"operators": [')
  stream.write({ kind: 'ack', jobId: job, attempt, checkpointId, vertex: 0, subtask: 0, snapshotJson })
  await releasedBy(job, attempt)
  const { failure } = await cluster.until(job, 'failed')
  expect(failure?.message).toContain('JSON')
  expect(await asked).toMatchObject({ code: 'JOBMANAGER_CHECKPOINT_FAILED' })
  await running('next')
  expect(ended).toBeUndefined()
})

test('a subtask that the plan does not have fails the job only', async () => {
  const { job, attempt } = await running('astray')
  stream.write({ kind: 'taskState', jobId: job, attempt, vertex: 7, subtask: 0, state: 'finished' })
  await releasedBy(job, attempt)
  expect((await cluster.until(job, 'failed')).failure?.message).toContain('no subtask 7/0')
  await running('next')
  expect(ended).toBeUndefined()
})

test('bytes that are no message are passed over', async () => {
  const { job } = await running('steady')
  for (const bytes of [Buffer.alloc(0), Buffer.from([0xff, 0xff, 0xff]), Buffer.from('GET / HTTP/1.1')])
    stream.write(bytes)
  const asked = cluster.client.cancel(job)
  const { attempt } = await ordered('cancel')
  stream.write({ kind: 'slotReleased', slot: 0, jobId: job, attempt })
  await asked
  await cluster.until(job, 'canceled')
  expect(ended).toBeUndefined()
  expect((await cluster.client.cluster()).taskManagers.map(({ id }) => id)).toEqual(['odd'])
})
