/** Jobs whose deployment never comes to its end: the slot is given up with the phase it hung in, and the user's line. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type EngineCluster, startEngineCluster } from '../support/engine-cluster.ts'

let cluster: EngineCluster

beforeAll(async () => {
  cluster = await startEngineCluster({
    taskManagers: 1,
    slots: 1,
    // Far more than a start needs on a busy machine.
    options: { 'task.watchdog.timeout': '5s', 'task.open.timeout': '5s', 'restart-strategy.type': 'none' },
  })
  mkdirSync(join(cluster.directory, 'user'))
})
afterAll(async () => {
  await cluster.close()
})

/** The client imports the job as well, where all is fine: only a slot is a thread. */
async function failureOf(name: string, top: string, source: string): Promise<{ code: string; text: string }> {
  const path = join(cluster.directory, 'user', `${name}.ts`)
  writeFileSync(
    path,
    `import { isMainThread } from 'node:worker_threads'
import { defineJob, sink, source } from 'millrace'
const inSlot = !isMainThread
${top}
export default defineJob('${name}', (env) => {
  env.from(${source}, { uid: 'in' }).to(sink.discard(), { uid: 'out' })
})
`,
  )
  const jobId = await cluster.submit(await cluster.load(path, {}, 1))
  for await (const status of cluster.client.watch(jobId)) if (status.terminal) break
  const [failure] = (await cluster.client.info(jobId)).failures
  return { code: failure.code, text: `${failure.message}\n${failure.stack ?? ''}` }
}

const values = 'source.values([1, 2])'
const own = (member: string): string =>
  `{ kind: 'source' as const, name: 'own', bounded: true, owner: () => 0, ${member} }`

test('a module that loops at its top level is named with the phase and the line', async () => {
  const { code, text } = await failureOf('top-loop', 'while (inSlot) Math.hypot(1, 1)', values)
  expect(code).toBe('TASKMANAGER_STUCK_IMPORTING')
  expect(text).toContain('has not been imported after 5s')
  expect(text).toMatch(/top-loop\.ts:4/)
})

test('a module that waits for ever at its top level is given up', async () => {
  const { code } = await failureOf(
    'top-await',
    'if (inSlot) await new Promise(() => setInterval(() => {}, 50))',
    values,
  )
  expect(code).toBe('TASKMANAGER_STUCK_IMPORTING')
})

const reader = '{ addSplits() {}, poll: () => "end" as const, snapshot: () => [], close() {} }'

test('a source that blocks when it is opened is named with the line', async () => {
  const source = own(`discoverSplits: () => {
    while (inSlot) Math.hypot(1, 1)
    return []
  }, createReader: () => (${reader})`)
  const { code, text } = await failureOf('open-loop', '', source)
  expect(code).toBe('TASKMANAGER_STUCK_OPENING')
  expect(text).toMatch(/open-loop\.ts:7/)
})

test('a source that never finds its splits is given up after task.open.timeout', async () => {
  const source = own(`discoverSplits: () => new Promise<never>(() => {}), createReader: () => (${reader})`)
  const { code, text } = await failureOf('open-wait', '', source)
  expect(code).toBe('TASKMANAGER_STUCK_OPENING')
  expect(text).toContain('not open after 5s')
})

test('the slot takes the next job', async () => {
  const path = join(cluster.directory, 'user', 'fine.ts')
  writeFileSync(
    path,
    `import { defineJob, sink, source } from 'millrace'
export default defineJob('fine', (env) => { env.from(source.values([1]), { uid: 'in' }).to(sink.discard(), { uid: 'out' }) })`,
  )
  await cluster.finished(await cluster.submit(await cluster.load(path, {}, 1)))
})
