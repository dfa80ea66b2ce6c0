/** Processes that die, and processes that do not belong. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { startJobManager } from '../../jobmanager/main.ts'
import { clientMethods } from '../../proto/generated/services.ts'
import { fromServiceError, protocolKey, versionKey } from '../../proto/rpc/errors.ts'
import { startTaskManager } from '../../taskmanager/main.ts'
import { ControlCluster, fakeSlot, testPlan } from '../support/control-cluster.ts'
import { inTime } from '../support/in-time.ts'
import { freePort } from '../support/ports.ts'

let cluster: ControlCluster

beforeEach(async () => {
  cluster = await ControlCluster.start()
})
afterEach(async () => {
  await cluster.close()
})

test('a TaskManager killed with -9 is noticed within 100 ms and its job runs elsewhere within a second', async () => {
  let victim = await cluster.taskManagerProcess('tm-0', 1)
  const job = await cluster.submit(testPlan('killed', 1, { 'execution.checkpointing.interval': '20ms' }))
  await cluster.until(job, 'running')
  await inTime({ noticed: 100, running: 1000 }, async (round) => {
    const spare = await cluster.taskManagerProcess(`tm-${round + 1}`, 1)
    const killedMs = Date.now()
    victim.kill('SIGKILL')
    const { stateSinceMs } = await cluster.until(job, 'running', round + 2)
    const [failure] = (await cluster.client.info(job)).failures
    expect(failure).toMatchObject({ code: 'JOBMANAGER_TASKMANAGER_LOST', attempt: round + 1 })
    expect(failure?.message).toContain(`tm-${round}`)
    victim = spare
    return { noticed: (failure?.timeMs ?? Number.NaN) - killedMs, running: stateSinceMs - killedMs }
  })
})

test('a job whose record cannot be stored goes on when it can, and the JobManager with all others meanwhile', async () => {
  const victim = await cluster.taskManagerProcess('victim', 1)
  const options = { 'restart-strategy.type': 'fixed-delay', 'restart-strategy.fixed-delay.attempts': '1000' }
  const job = await cluster.submit(testPlan('kept', 1, { ...options, 'restart-strategy.fixed-delay.delay': '20ms' }))
  await cluster.until(job, 'running')
  const store = join(cluster.directory, 'jobmanager', 'jobs', job)
  const away = join(cluster.directory, 'away')
  renameSync(store, away)
  // A file in the place of the directory: nothing can be written there, whoever we are.
  writeFileSync(store, '')
  victim.kill('SIGKILL')
  await cluster.taskManagerProcess('spare', 2)
  await expect
    .poll(async () => (await cluster.client.info(job)).failures.map(({ message }) => message).join('\n'))
    .toMatch(/ENOTDIR|not a directory/)
  const other = await cluster.submit(testPlan('other', 1))
  await cluster.until(other, 'running')
  rmSync(store)
  renameSync(away, store)
  expect((await cluster.until(job, 'running', 2)).attempt).toBeGreaterThan(2)
})

test('a TaskManager that started before its JobManager registers when there is one', async () => {
  const port = String(await freePort())
  const config = { ...cluster.config, 'jobmanager.rpc.port': port, 'jobmanager.data-dir': `${cluster.directory}/x` }
  const taskManager = await startTaskManager(config, { slotWorker: fakeSlot })
  const jobManager = await startJobManager(config)
  try {
    await expect.poll(() => registered(port)).toBe(1)
  } finally {
    await taskManager.close()
    await jobManager.close()
  }
})

async function registered(port: string): Promise<number> {
  const { createClusterClient } = await import('../../proto/client.ts')
  const client = createClusterClient({ address: `127.0.0.1:${port}` })
  try {
    return (await client.cluster()).taskManagers.length
  } finally {
    client.close()
  }
}

test('a caller of another protocol version is refused with a sentence', async () => {
  const address = `127.0.0.1:${cluster.config['jobmanager.rpc.port']}`
  const client = new Client(address, credentials.createInsecure())
  const metadata = new Metadata()
  metadata.set(protocolKey, '99')
  metadata.set(versionKey, '9.9.9')
  const { path, requestSerialize, responseDeserialize } = clientMethods.list
  const error = await new Promise<unknown>((resolve) => {
    client.makeUnaryRequest(path, requestSerialize, responseDeserialize, {}, metadata, {}, (failed) => resolve(failed))
  })
  client.close()
  const coded = fromServiceError(error, address)
  expect(coded.code).toBe('RPC_PROTOCOL_MISMATCH')
  expect(coded.message).toContain('protocol 99 (version 9.9.9)')
  expect(coded.hint).toContain('same version')
})

test('garbage on the port does no harm', async () => {
  const port = Number(cluster.config['jobmanager.rpc.port'])
  for (const garbage of [
    'GET / HTTP/1.1\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff',
    '\0'.repeat(5000),
  ]) {
    await new Promise<void>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => socket.end(Buffer.from(garbage, 'latin1')))
      socket.on('error', () => resolve())
      socket.on('close', () => resolve())
      socket.resume()
    })
  }
  expect(await cluster.client.list()).toEqual([])
})

test('a second JobManager on the port does not start, and touches nothing', async () => {
  const { epoch } = await cluster.client.cluster()
  await expect(startJobManager(cluster.config)).rejects.toMatchObject({ code: 'JOBMANAGER_PORT_IN_USE' })
  await cluster.restartJobManager()
  expect((await cluster.client.cluster()).epoch).toBe(epoch + 1)
})

test('a JobManager and a TaskManager refuse to listen beyond loopback unless told to', async () => {
  const open = { ...cluster.config, 'jobmanager.rpc.address': '0.0.0.0', 'jobmanager.rpc.port': '0' }
  await expect(startJobManager(open)).rejects.toMatchObject({ code: 'JOBMANAGER_INSECURE_ADDRESS' })
  await expect(startTaskManager({ ...cluster.config, 'taskmanager.host': '0.0.0.0' })).rejects.toMatchObject({
    code: 'TASKMANAGER_INSECURE_ADDRESS',
  })
})

test('a bundle larger than allowed and a plan that is none are refused', async () => {
  const plan = testPlan('large', 1)
  const bundle = Buffer.alloc(33 * 1024 * 1024)
  await expect(cluster.client.submit({ plan, bundle })).rejects.toMatchObject({ code: 'JOBMANAGER_BUNDLE_TOO_LARGE' })
  const empty = { ...plan, vertices: [] }
  await expect(cluster.client.submit({ plan: empty, bundle: Buffer.alloc(1) })).rejects.toMatchObject({
    code: 'JOBMANAGER_BAD_PLAN',
  })
})

test('jobs are found by id, prefix and name; what is not found or not unique says so', async () => {
  const one = await cluster.submit(testPlan('twin', 1))
  const two = await cluster.submit(testPlan('twin', 1))
  expect((await cluster.client.info(one.slice(0, 12))).status.jobId).toBe(one)
  await expect(cluster.client.info('twin')).rejects.toMatchObject({ code: 'JOBMANAGER_AMBIGUOUS_JOB' })
  await cluster.client.cancel(two)
  await cluster.until(two, 'canceled')
  expect((await cluster.client.info('twin')).status.jobId).toBe(one)
  await expect(cluster.client.info('nobody')).rejects.toMatchObject({ code: 'JOBMANAGER_NO_SUCH_JOB' })
  await expect(cluster.client.cancel(two)).rejects.toMatchObject({ code: 'JOBMANAGER_JOB_ENDED' })
})
