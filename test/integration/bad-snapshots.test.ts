/**
 * Snapshots, storage and state that are not as they should be, on a real engine: what is wrong, where, and what to do is said,
 * and what there was stays as it was.
 */
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { startJobManager } from '../../jobmanager/main.ts'
import { createClusterClient, type JobInfo } from '../../proto/client.ts'
import { startTaskManager } from '../../taskmanager/main.ts'
import { runCliProcess } from '../support/cli-process.ts'
import { type EngineCluster, startEngineCluster } from '../support/engine-cluster.ts'
import { FaultyS3, type S3Fault } from '../support/faulty-s3.ts'
import { until } from '../support/until.ts'

let cluster: EngineCluster
let home: string
let s3: FaultyS3
let fault: S3Fault | undefined
/** Of which objects. */
let hurt: (key: string) => boolean = () => true

beforeAll(async () => {
  s3 = await FaultyS3.start({ fault: ({ key }) => (hurt(key) ? fault : undefined) })
  cluster = await startEngineCluster({
    taskManagers: 1,
    slots: 2,
    options: { ...s3.settings, 's3.attempts': '2', 'restart-strategy.fixed-delay.delay': '50ms' },
  })
  home = join(cluster.directory, 'jobs')
  mkdirSync(home)
})
afterEach(async () => {
  fault = undefined
  hurt = () => true
  for (const { terminal, jobId } of await cluster.client.list()) if (!terminal) await cluster.client.cancel(jobId)
  await expect.poll(async () => (await cluster.client.cluster()).slotsFree).toBe(2)
})
afterAll(async () => {
  await cluster.close()
  await s3.close()
})

const plainState = 'count: t.int32().state()'
/** More than the cache of a small RocksDB holds. */
const wideState = 'wide: t.string().state()'
const migrated = (body: string): string =>
  `tally: state.value(Tally, { was: 'count', migrate: state.from(t.int32()).to(Tally, (n, { key }) => { ${body} }) })`

let files = 0

/** Counts per key, of many keys: its state does not fit into the manifest. */
function jobFile(name: string, state = plainState): string {
  const path = join(home, `${name}-${++files}.ts`)
  const bumps: Readonly<Record<string, string>> = {
    [plainState]: 's.count.set((s.count.get() ?? 0) + 1)',
    [wideState]: "s.wide.set((s.wide.get() ?? 'x'.repeat(4000)).slice(1) + 'y')",
  }
  const bump = bumps[state] ?? "s.tally.set({ n: 1, label: '' })"
  writeFileSync(
    path,
    `import { defineJob, sink, source, state, t } from 'millrace'
const Tally = t.object({ n: t.int32(), label: t.string() })
export default defineJob('${name}', (env) => {
  env
    .from(source.generator({ type: t.object({ key: t.string() }), rate: 20_000, create: (i) => ({ key: 'key-' + (i % 5000) }) }), { uid: 'in' })
    .keyBy('key')
    .process({ uid: 'sum', state: { ${state} }, emits: t.object({ n: t.int32() }),
      onElement(_, { state: s }, emit) { ${bump}; emit({ n: 1 }) } })
    .to(sink.discard(), { uid: 'out' })
})
`,
  )
  return path
}

async function submit(
  file: string,
  options: Readonly<Record<string, string>> = {},
  savepointPath?: string,
): Promise<string> {
  const job = await cluster.load(file, { 'execution.checkpointing.interval': '100ms', ...options }, 1)
  const { plan, bundle } = job
  const given = { plan, bundle: Buffer.from(bundle.code), options: job.options, savepointPath }
  return (await cluster.client.submit(given)).jobId
}

const untilJob = (job: string, condition: (info: JobInfo) => boolean, client = cluster.client): Promise<JobInfo> =>
  until(async () => {
    const info = await client.info(job)
    return condition(info) && info
  }, 20)
const completed = ({ checkpointCounts }: JobInfo): number => checkpointCounts?.completed ?? 0
const newest = ({ checkpoints: [first] }: JobInfo) => first

async function savepoint(name: string): Promise<string> {
  const job = await submit(jobFile(name))
  await untilJob(job, (info) => completed(info) > 2)
  const { path } = await cluster.client.stop(job, { savepointPath: join(home, 'savepoints') })
  return path.replace(/^file:\/\//, '')
}

/** Names and contents of all files below a directory. */
function digest(directory: string): string {
  const hash = createHash('sha256')
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()) {
    hash.update(name)
    if (statSync(join(directory, name)).isFile()) hash.update(readFileSync(join(directory, name)))
  }
  return hash.digest('hex')
}

const largestRun = (directory: string): string => {
  const runs = join(directory, 'runs')
  const [name = ''] = readdirSync(runs).sort((a, b) => statSync(join(runs, b)).size - statSync(join(runs, a)).size)
  return join(runs, name)
}

function flip(path: string, at: number): void {
  const bytes = readFileSync(path)
  const place = at < 0 ? bytes.length + at : at
  bytes[place] = (bytes[place] as number) ^ 1
  writeFileSync(path, bytes)
}

describe('a job that starts from a savepoint', () => {
  it('whose migration throws fails at once with the key, and starts from the same savepoint when it is right', async () => {
    const path = await savepoint('throws')
    const before = digest(path)
    const bad = jobFile('throws', migrated("if (key === 'key-7') throw new Error('no seven'); return { n, label: '' }"))
    const job = await submit(bad, {}, path)
    const { status, failures } = await untilJob(job, (info) => info.status.terminal)
    const text = 'the migration of state tally of "sum" failed for the key "key-7": Error: no seven'
    expect(status).toMatchObject({ state: 'failed', attempt: 1, restarts: 0, detail: text })
    expect(failures).toMatchObject([{ code: 'STATE_MIGRATION_FAILED', hint: expect.stringContaining('same snapshot') }])
    expect(digest(path)).toBe(before)
    const good = await submit(jobFile('throws', migrated("return { n, label: '' }")), {}, path)
    await untilJob(good, (info) => completed(info) > 0)
    expect(digest(path)).toBe(before)
  })

  it('with a byte changed inside of a run fails at once, and names the file', async () => {
    const path = await savepoint('altered')
    const broken = join(home, 'altered')
    cpSync(path, broken, { recursive: true })
    const run = largestRun(broken)
    flip(run, 4000)
    const before = digest(broken)
    const job = await submit(jobFile('altered'), {}, broken)
    const { status, failures } = await untilJob(job, (info) => info.status.terminal)
    expect(status).toMatchObject({ state: 'failed', attempt: 1, restarts: 0 })
    expect(failures).toMatchObject([{ code: 'CHECKPOINT_ALTERED', hint: expect.stringContaining('from a copy') }])
    expect(failures[0]?.message).toContain(run)
    expect(digest(broken)).toBe(before)
  })

  it('that lacks a run, or has one cut, altered or of a newer version is refused before anything starts', async () => {
    const path = await savepoint('lacks')
    const damages: readonly (readonly [string, (run: string) => void, RegExp, string])[] = [
      ['missing', (run) => rmSync(run), /there is no object runs\/.*\.run in .*missing/, 'STORAGE_NOT_FOUND'],
      ['cut', (run) => writeFileSync(run, readFileSync(run).subarray(0, -1)), /cut short/, 'CHECKPOINT_TRUNCATED'],
      ['footer', (run) => flip(run, -5), /footer does not match/, 'CHECKPOINT_ALTERED'],
      ['newer', (run) => flip(run, 5), /has format version \d+; this version/, 'CHECKPOINT_NEWER_VERSION'],
    ]
    for (const [name, damage, message, code] of damages) {
      const broken = join(home, 'lacks', name)
      cpSync(path, broken, { recursive: true })
      damage(largestRun(broken))
      const before = digest(broken)
      const refused = { code, message: expect.stringMatching(message), hint: expect.stringMatching(/./) }
      await expect(submit(jobFile('lacks'), {}, broken), name).rejects.toMatchObject(refused)
      expect(digest(broken)).toBe(before)
    }
    expect((await cluster.client.list()).filter(({ name }) => name === 'lacks')).toHaveLength(1)
  })

  it('whose state changed its type without a migration is refused, with both types', async () => {
    const path = await savepoint('typed')
    await expect(submit(jobFile('typed', 'count: t.string().state()'), {}, path)).rejects.toMatchObject({
      code: 'CHECKPOINT_STATE_INCOMPATIBLE',
      message: expect.stringContaining('sum.count (type changed from int32 to string)'),
    })
  })
})

describe('storage in S3', () => {
  const inS3 = (name: string): Record<string, string> => ({ 'execution.checkpointing.dir': `s3://bucket/${name}` })
  const tolerant = { 'execution.checkpointing.tolerable-failed-checkpoints': '1000' }

  for (const [kind, code] of [
    ['denied', 'STORAGE_S3_DENIED'],
    ['no-bucket', 'STORAGE_NO_BUCKET'],
  ] as const) {
    it(`that is ${kind} fails a new job at once`, async () => {
      fault = kind
      const job = await submit(jobFile(kind), inS3(kind))
      const { status, failures } = await untilJob(job, (info) => info.status.terminal)
      expect(status).toMatchObject({ state: 'failed', attempt: 1 })
      expect(failures).toMatchObject([{ code, hint: expect.stringMatching(/./) }])
    })
  }

  it('whose credentials expire in the middle fails checkpoints with the reason, and the job goes on when there are new ones', async () => {
    const job = await submit(jobFile('expires'), { ...inS3('expires'), ...tolerant })
    await untilJob(job, (info) => completed(info) > 0)
    fault = 'expired'
    const failed = await untilJob(job, (info) => newest(info)?.state === 'failed')
    // Where the answer has no body, it does not say more.
    expect(newest(failed)?.reason).toMatch(
      /S3 does not accept the credentials for bucket bucket: (ExpiredToken|HTTP 400 without a reason, as an expired token)/,
    )
    fault = undefined
    const info = await untilJob(job, (each) => completed(each) > completed(failed))
    expect(info.status).toMatchObject({ state: 'running', attempt: 1 })
  })

  it('that is denied when a job begins again lets it wait, with the reason, until it is allowed again', async () => {
    const job = await submit(jobFile('waits'), {
      ...inS3('waits'),
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.attempts': '1000',
    })
    await untilJob(job, (info) => completed(info) > 0)
    fault = 'denied'
    await untilJob(job, ({ status }) => status.attempt > 2)
    const { failures, status } = await cluster.client.info(job)
    expect(status.terminal).toBe(false)
    expect(failures.map(({ message }) => message).join('\n')).toContain('S3 does not let these credentials')
    fault = undefined
    const again = await untilJob(job, (info) => info.status.state === 'running' && completed(info) > 1)
    expect(again.restored?.checkpointId).toBeGreaterThan(0)
  })

  it('that stays silent while a checkpoint is stored is shown, and the checkpoint is given up', async () => {
    // Tries of its own would last longer than the checkpoint may.
    const job = await submit(jobFile('silent'), {
      ...inS3('silent'),
      ...tolerant,
      'execution.checkpointing.timeout': '1s',
    })
    await untilJob(job, (info) => completed(info) > 0)
    hurt = (key) => /\/chk-|\/pointer/.test(key)
    fault = 'stall'
    await untilJob(job, (info) => newest(info)?.state === 'pending' && newest(info)?.storingSinceMs !== undefined)
    const failed = await untilJob(job, ({ checkpoints }) =>
      checkpoints.some(({ reason }) => /storage did not answer within \d+ ms/.test(reason ?? '')),
    )
    fault = undefined
    await untilJob(job, (info) => completed(info) > completed(failed))
    expect((await cluster.client.info(job)).status).toMatchObject({ state: 'running', attempt: 1 })
  })

  it('at a wrong endpoint, or without a login, is told where it was looked for', async () => {
    const inspect = (name: string, settings: Readonly<Record<string, string>>) => {
      const directory = join(home, name)
      mkdirSync(directory)
      const lines = Object.entries(settings).map(([key, value]) => `${key}: '${value}'\n`)
      writeFileSync(join(directory, 'millrace.yaml'), lines.join(''))
      return runCliProcess(directory, 'savepoint', 'inspect', 's3://bucket/x')
    }
    const all: Readonly<Record<string, string>> = { ...s3.settings, 's3.attempts': '1' }
    const refused = await inspect('refused', { ...all, 's3.endpoint': 'http://127.0.0.1:1' })
    expect(refused).toMatchObject({
      code: 1,
      notes: expect.stringContaining('S3 cannot be reached at http://127.0.0.1:1'),
    })
    const text = await inspect('text', { ...all, 's3.endpoint': 'localhost:9000' })
    expect(text).toMatchObject({ code: 2, notes: expect.stringContaining('"localhost:9000" is not a URL') })
    const stranger = await inspect('stranger', { ...all, 's3.endpoint': `http://${cluster.client.address}` })
    expect(stranger.notes).toContain(`what answers at http://${cluster.client.address} is not S3`)
    const { 's3.secret-key': _, ...half } = all
    expect((await inspect('half', half)).notes).toContain('s3.access-key is set and s3.secret-key is not')
  })
})

describe('a directory of two clusters', () => {
  it('makes the one that was deposed give up its job with a sentence, and leaves the other and its files alone', async () => {
    const job = await submit(jobFile('copied'))
    await untilJob(job, (info) => completed(info) > 0)
    const data = join(cluster.directory, 'second')
    cpSync(join(cluster.directory, 'jobmanager'), data, { recursive: true })
    const options = {
      ...s3.settings,
      'jobmanager.rpc.port': '0',
      'jobmanager.data-dir': data,
      'execution.checkpointing.dir': `file://${join(cluster.directory, 'checkpoints')}`,
      'high-availability.takeover-timeout': '100ms',
    }
    const jobManager = await startJobManager(options)
    const port = jobManager.address.slice(jobManager.address.lastIndexOf(':') + 1)
    const taskManager = await startTaskManager({
      ...options,
      'jobmanager.rpc.port': port,
      'taskmanager.numberOfTaskSlots': '2',
      'taskmanager.memory.network.size': '16mb',
      'taskmanager.data-dir': join(cluster.directory, 'second-tm'),
    })
    const second = createClusterClient({ address: jobManager.address })
    try {
      const first = await untilJob(job, (info) => info.status.terminal)
      expect(first.status.state).toBe('failed')
      expect(first.failures[0]).toMatchObject({
        code: 'CHECKPOINT_POINTER_MOVED',
        message: expect.stringContaining('was moved by another leader'),
        hint: expect.stringContaining('Give one of them another execution.checkpointing.dir; nothing was deleted'),
      })
      const { status, restored } = await untilJob(job, (info) => completed(info) > 2, second)
      expect(status.state).toBe('running')
      expect(restored?.checkpointId).toBeGreaterThan(0)
      await second.cancel(job)
      await untilJob(job, (info) => info.status.terminal, second)
    } finally {
      second.close()
      await taskManager.close()
      await jobManager.close()
    }
  })
})

describe('files of RocksDB that are damaged under a running job', () => {
  it('fail it with their directory, and it goes on from its checkpoint with new ones', async () => {
    const job = await submit(jobFile('rocks', wideState), {
      'state.backend.type': 'rocksdb',
      'state.backend.rocksdb.memory': '8mb',
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.attempts': '1000',
    })
    await untilJob(job, (info) => completed(info) > 0)
    const root = join(cluster.directory, 'tm-1')
    const tables = (): string[] =>
      readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.sst'))
    const damaged = new Set<string>()
    const failed = await until(async () => {
      // In place, as a bad disk does it. Those that are merged away meanwhile do not count.
      for (const name of tables()) {
        damaged.add(dirname(name))
        overwrite(join(root, name))
      }
      const info = await cluster.client.info(job)
      return info.failures.find(({ code }) => code === 'STATE_ROCKSDB_FAILED')
    }, 100)
    expect([...damaged].some((directory) => failed.message.includes(directory))).toBe(true)
    const before = await cluster.client.info(job)
    const info = await untilJob(job, (each) => each.status.state === 'running' && completed(each) > completed(before))
    expect(info.restored?.checkpointId).toBeGreaterThan(0)
  })
})

function overwrite(path: string): void {
  try {
    writeFileSync(path, readFileSync(path).fill(0x5a), { flag: 'r+' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
