/** Programs that run jobs, with real processes: submit, wait, rescale, savepoint, stop, and a JobManager that is away. */
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { bundleJob, Cluster, isClusterError, type RunningJob } from '../../cli/client.ts'
import { jobOf } from '../../sdk/index.ts'
import { ChaosCluster } from '../chaos/cluster.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const jobFile = join(root, 'test/integration/recovery-job.ts')
let processes: ChaosCluster
let cluster: Cluster

beforeAll(async () => {
  const options = { 'cluster.registration.max-timeout': '200ms', 'taskmanager.memory.task.heap.size': '96mb' }
  processes = await ChaosCluster.start({ taskManagers: 1, slots: 3, options })
  cluster = new Cluster({ address: processes.address, awayMs: 120_000 })
})
afterAll(async () => {
  cluster?.close()
  await processes?.close()
})

async function submit(): Promise<RunningJob> {
  const job = jobOf(await import('./recovery-job.ts'), jobFile)
  const options = { 'execution.checkpointing.interval': '100ms', 'recovery.order': join(processes.directory, 'order') }
  return cluster.submit(job, { bundle: await bundleJob(jobFile), parallelism: 1, options })
}

test('a program submits, waits, rescales, takes a savepoint, stops, and sees how it ended', async () => {
  const job = await submit()
  expect(await job.until('running')).toMatchObject({ name: 'recovery', attempt: 1 })
  const { vertices, status } = await job.rescale(3)
  expect(vertices.map(({ before, after }) => [before, after])).toEqual([
    [1, 3],
    [1, 3],
  ])
  expect(status).toMatchObject({ state: 'running', attempt: 2, restarts: 0 })
  const refused = job.rescale({ operators: { counts: 4 } })
  await expect(refused).rejects.toSatisfy((error) => isClusterError(error, 'JOBMANAGER_TOO_FEW_SLOTS'))
  const again = await cluster.job('recovery')
  expect(again.id).toBe(job.id)
  const { path } = await again.savepoint()
  await job.stop()
  expect((await job.finished()).savepointPath).not.toBe(path)
  await cluster.disposeSavepoint(path)
  expect((await cluster.jobs()).map(({ jobId, state }) => [jobId, state])).toContainEqual([job.id, 'finished'])
})

test('what is waited for outlives a killed JobManager, and how it ended is an error with a code', async () => {
  const job = await submit()
  await job.until('running')
  const ended = job.finished()
  ended.catch(() => undefined)
  const seen: string[] = []
  const watching = (async () => {
    for await (const { state } of job.watch()) seen.push(state)
  })()
  processes.kill(processes.jobManager)
  const asked = cluster.jobs()
  await processes.restart(processes.jobManager)
  expect((await asked).map(({ jobId }) => jobId)).toContain(job.id)
  await processes.until('the job to run again', async () => (await job.status()).state === 'running')
  await job.cancel()
  await expect(ended).rejects.toMatchObject({ code: 'CLIENT_JOB_CANCELED', message: 'job recovery was canceled' })
  await watching
  expect(seen.at(-1)).toBe('canceled')
  await expect(job.until('running')).rejects.toMatchObject({ code: 'CLIENT_JOB_CANCELED' })
  await expect(job.cancel()).rejects.toSatisfy((error) => isClusterError(error, 'JOBMANAGER_JOB_ENDED'))
})

test('millrace rescale says what has changed, and refuses with a sentence', async () => {
  const job = await submit()
  await job.until('running')
  const command = async (...args: string[]) => {
    const line = ['--conditions=source', 'cli/main.ts', 'rescale', 'recovery', '-m', processes.address, ...args]
    const child = spawn(process.execPath, line, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()))
    return { code: await new Promise((resolve) => child.on('close', resolve)), text }
  }
  const more = await command('-p', '2', '--operator', 'counts=3')
  expect(more.text).toMatch(/^generator {2}1 -> 2\nprocess -> discard {2}1 -> 3\n/)
  expect(more).toMatchObject({ code: 0, text: expect.stringContaining('nothing was processed for') })
  expect(await command('--operator', 'counts=3')).toMatchObject({
    code: 0,
    text: expect.stringContaining('recovery has that parallelism already'),
  })
  const few = await command('-p', '9')
  expect(few.code).not.toBe(0)
  expect(few.text).toContain(
    'would need 9 slots, and there are 3 for it: 0 free and 3 of its own. It goes on as it was',
  )
  for (const [args, sentence] of [
    [[], 'rescale needs -p N, or --operator uid=N'],
    [['-p', '0'], 'expected a whole number from 1 to 32768'],
    [['--operator', 'counts=x'], 'expected uid=N with N from 1 to 32768'],
    [['--operator', 'nobody=2'], 'has no operator nobody'],
  ] as const) {
    const refused = await command(...args)
    expect(refused.code).not.toBe(0)
    expect(refused.text).toContain(sentence)
  }
  const { stdout } = { stdout: (await command('-p', '1', '--operator', 'counts=1', '--json')).text }
  expect(JSON.parse(stdout.slice(stdout.indexOf('{')))).toMatchObject({ state: 'running', jobId: job.id })
  await job.cancel()
  expect((await job.ended()).state).toBe('canceled')
})

test('nobody there is an error after the time that was given, and what changes something is not tried again', async () => {
  const nobody = new Cluster({ address: 'localhost:1', awayMs: 300 })
  const beganMs = performance.now()
  await expect(nobody.jobs()).rejects.toMatchObject({ code: 'RPC_NO_JOBMANAGER', retry: 'backoff' })
  expect(performance.now() - beganMs).toBeGreaterThan(300)
  nobody.close()
})

test('the example runs a job to its end', async () => {
  const out = join(processes.directory, 'words')
  const args = ['--conditions=source', 'examples/embed.ts', 'examples/word-count.ts', processes.address, `out=${out}`]
  const child = spawn(process.execPath, [...args, 'rate=200'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (text += data.toString()))
  const code = await new Promise((resolve) => child.on('close', resolve))
  expect(text).toMatch(/1 -> 2.*nothing was processed for \d+ ms/)
  expect(text).toContain('finished after 2 attempts')
  expect(code).toBe(0)
})
