/** Network memory that is too small for a job: it is refused with the number that it needs, and with that number it runs. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadJob } from '../../cli/load-job.ts'
import { type RunningJobManager, startJobManager } from '../../jobmanager/main.ts'
import { type ClusterClient, createClusterClient } from '../../proto/client.ts'
import { type RunningTaskManager, startTaskManager } from '../../taskmanager/main.ts'

const slots = 3
let directory: string
let jobManager: RunningJobManager
let taskManager: RunningTaskManager | undefined
let client: ClusterClient

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-network-'))
  jobManager = await startJobManager({
    'jobmanager.rpc.port': '0',
    'jobmanager.data-dir': join(directory, 'jobmanager'),
  })
  client = createClusterClient({ address: jobManager.address })
})
afterEach(async () => {
  client.close()
  await taskManager?.close()
  await jobManager.close()
  rmSync(directory, { recursive: true, force: true })
})

async function start(networkMemory: string): Promise<void> {
  await taskManager?.close()
  taskManager = await startTaskManager({
    'jobmanager.rpc.port': jobManager.address.slice(jobManager.address.lastIndexOf(':') + 1),
    'taskmanager.data-dir': join(directory, 'taskmanager'),
    'taskmanager.memory.network.size': networkMemory,
    'taskmanager.numberOfTaskSlots': String(slots),
    'taskmanager.memory.task.heap.size': '96mb',
    'cluster.registration.max-timeout': '100ms',
  })
}

async function submit(name: string, longest: number, count = 20_000, rate = 1e6): Promise<string> {
  const path = join(directory, `${name}.ts`)
  writeFileSync(
    path,
    `import { defineJob, sink, source, t } from 'millrace'
const Long = t.object({ n: t.float64(), pad: t.string() })
export default defineJob('${name}', (env) => {
  env.set('restart-strategy.exponential-delay.initial-backoff', '50ms')
  env
    .from(source.generator({ type: Long, count: ${count}, rate: ${rate},
      create: (n) => ({ n, pad: 'x'.repeat(n % 500 === 0 ? ${longest} : 200) }) }), { uid: 'numbers' })
    .keyBy('n').process({ uid: 'same', emits: Long, onElement: (each, _, emit) => emit(each) })
    .rebalance().map(({ n, pad }) => ({ n, length: pad.length }))
    .to(sink.files({ path: ${JSON.stringify(join(directory, name))}, format: 'ndjson' }), { uid: 'out' })
})
`,
  )
  const { plan, bundle, options } = await loadJob(path, {}, slots)
  return (await client.submit({ plan, bundle: Buffer.from(bundle.code), options })).jobId
}

const lines = (name: string): number =>
  readdirSync(join(directory, name))
    .filter((file) => !file.startsWith('.'))
    .reduce((sum, file) => sum + readFileSync(join(directory, name, file), 'utf8').split('\n').length - 1, 0)

const ends = (job: string): Promise<unknown> =>
  expect.poll(async () => (await client.info(job)).status.terminal).toBe(true)

test('a job that needs more is refused at once, with the number, and with that number it comes to its end', async () => {
  await start('3mb')
  const refused = await submit('refused', 200)
  await ends(refused)
  const { status } = await client.info(refused)
  expect(status.state).toBe('failed')
  const { failure } = status
  expect(failure?.code).toBe('NETWORK_MEMORY_TOO_SMALL')
  expect(failure?.message).toMatch(
    /^insufficient network memory: job "refused" needs at least \d+ segments of 256kb .* runs 3 slots of it, and .* has 12$/,
  )
  const size = /Set taskmanager\.memory\.network\.size to (\d+mb) or more/.exec(failure?.hint ?? '')?.[1] ?? ''
  await start(size)
  const small = await submit('small', 200)
  await ends(small)
  expect((await client.info(small)).status.state).toBe('finished')
  expect(lines('small')).toBe(20_000)
})

test('records that each need the one large segment there is come to their end', async () => {
  await start('40mb')
  const job = await submit('large', 400_000)
  await ends(job)
  expect((await client.info(job)).status.state).toBe('finished')
  expect(lines('large')).toBe(20_000)
})
