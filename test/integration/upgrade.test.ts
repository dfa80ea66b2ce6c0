/**
 * Upgrades of a running job on a real engine: what each version writes per key is counted on without a gap and without a repeat,
 * whatever becomes of the upgrade.
 */
import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../cli/program.ts'
import { type EngineCluster, startEngineCluster } from '../support/engine-cluster.ts'
import { type RecordingTerminal, recordingTerminal } from '../support/recording-terminal.ts'
import { until } from '../support/until.ts'

let cluster: EngineCluster
let home: string

beforeAll(async () => {
  cluster = await startEngineCluster({
    taskManagers: 1,
    slots: 3,
    options: { 'execution.checkpointing.interval': '500ms', 'restart-strategy.fixed-delay.delay': '100ms' },
  })
  home = join(cluster.directory, 'jobs')
  mkdirSync(home)
})
afterEach(async () => {
  for (const { terminal, jobId } of await cluster.client.list()) {
    if (terminal) continue
    await cluster.client.cancel(jobId)
    for await (const _ of cluster.client.watch(jobId));
  }
})
afterAll(() => cluster.close())

interface Version {
  readonly state: string
  /** Counts up the state and gives the count. */
  readonly next: string
  readonly more?: string
  readonly extra?: string
}

const one: Version = {
  state: 'count: t.int32().state()',
  next: 'const n = (state.count.get() ?? 0) + 1; state.count.set(n)',
}
const two: Version = {
  state: `tally: state.value(Tally, { was: 'count', migrate: state.from(t.int32()).to(Tally, (n) => ({ n, label: 'was ' + n })) })`,
  next: `const old = s.tally.get() ?? { n: 0, label: 'new' }; const n = old.n + 1; s.tally.set({ ...old, n })`,
}

let versions = 0

/** Writes a version of the job into a file. */
function version(name: string, { state, next, more = '', extra = '' }: Version): string {
  const path = join(home, `${name}-${++versions}.ts`)
  const out = join(home, `${name}-out`)
  writeFileSync(
    path,
    `import { defineJob, sink, source, state, t } from 'millrace'
const In = t.object({ key: t.string(), i: t.int32() })
const Tally = t.object({ n: t.int32(), label: t.string() })
export default defineJob(${JSON.stringify(name)}, (env) => {
  const stream = env.from(
    source.generator({ type: In, rate: 1000, create: (i) => ({ key: 'k' + (i % 7), i }) }),
    { uid: 'in' },
  )
  stream.keyBy('key')
    .process({
      uid: 'sum', ${more}
      state: { ${state} },
      emits: t.object({ key: t.string(), n: t.int32() }),
      onElement(x, { key, state: s }, emit) {
        ${next.replaceAll(/\bstate\.count/g, 's.count')}
        emit({ key, n })
      },
    })
    .to(sink.files({ path: ${JSON.stringify(out)}, format: 'ndjson' }), { uid: 'out' })
  ${extra}
})
`,
  )
  return path
}

async function cli(terminal: RecordingTerminal, ...argv: string[]) {
  const code = await runCli([...argv, '-m', cluster.client.address], () => terminal)
  return { code, out: terminal.outLines.join('\n'), notes: terminal.noteLines.join('\n') }
}
const run = (...argv: string[]) => cli(recordingTerminal(argv.includes('--json')), ...argv)
const offline = async (...argv: string[]) => {
  const terminal = recordingTerminal(argv.includes('--json'))
  const code = await runCli(argv, () => terminal)
  return { code, out: terminal.outLines.join('\n'), notes: terminal.noteLines.join('\n') }
}

async function start(file: string, ...more: string[]): Promise<string> {
  const { code, out, notes } = await run('run', '-d', '--json', ...more, file)
  expect(code, notes + out).toBe(0)
  const { jobId } = JSON.parse(out) as { jobId: string }
  await until(async () => ((await cluster.client.info(jobId)).checkpointCounts?.completed ?? 0) > 0)
  return jobId
}

async function stop(job: string): Promise<string> {
  const { code, out } = await run('stop', job, '--json', '-p', join(home, 'savepoints'))
  expect(code).toBe(0)
  return (JSON.parse(out) as { path: string }).path.replace(/^file:\/\//, '')
}

/** Records of each key in what is committed, which must count on from 1. */
function countsOf(name: string): Map<string, number> {
  const numbers = new Map<string, number[]>()
  for (const file of readdirSync(join(home, `${name}-out`), { recursive: true, encoding: 'utf8' })) {
    const path = join(home, `${name}-out`, file)
    if (file.split('/').some((part) => part.startsWith('.')) || statSync(path).isDirectory()) continue
    for (const line of readFileSync(path, 'utf8').split('\n').filter(Boolean)) {
      const { key, n } = JSON.parse(line) as { key: string; n: number }
      numbers.set(key, [...(numbers.get(key) ?? []), n])
    }
  }
  const counts = new Map<string, number>()
  for (const [key, all] of numbers) {
    expect(all.sort((a, b) => a - b)).toEqual(all.map((_, i) => i + 1))
    counts.set(key, all.length)
  }
  return counts
}

describe('millrace upgrade', () => {
  it('lets a job go on as its new version, with its state migrated', async () => {
    const oldId = await start(version('good', one))
    const terminal = recordingTerminal()
    const { code, out, notes } = await cli(terminal, 'upgrade', 'good', version('good', two), '-p', '2')
    expect(code, notes).toBe(0)
    expect(notes).toMatch(
      /migrated +sum\.tally +renamed from count; by a function from int32 to \{ n: int32, label: string \}/,
    )
    expect(out).toMatch(/^Upgraded good: JobID [0-9a-f]{16}, from file:/)
    const savepoint = (/from (file:\S+)/.exec(out) ?? [])[1] as string
    const before = countsOf('good')
    await until(async () => (countsOf('good').get('k3') ?? 0) > (before.get('k3') ?? 0))
    expect((await cluster.client.info(oldId)).status.state).toBe('finished')
    const end = await stop('good')
    // What it counted is what it has written, and where it came from is still written on it.
    const last = await offline('savepoint', 'read', end, '--uid', 'sum', '--state', 'tally', '--key', 'k3')
    expect(JSON.parse(last.out)).toEqual({
      uid: 'sum',
      state: 'tally',
      key: 'k3',
      value: { n: countsOf('good').get('k3'), label: expect.stringMatching(/^was \d+$/) },
    })
    const diff = await offline('savepoint', 'diff', savepoint, end, '--json')
    const states = (JSON.parse(diff.out) as { states: { state: string; change: string; entries: number[] }[] }).states
    expect(states).toContainEqual(
      expect.objectContaining({ uid: 'sum', state: 'count', change: 'removed', entries: [7, 0] }),
    )
    expect(states).toContainEqual(
      expect.objectContaining({ uid: 'sum', state: 'tally', change: 'added', entries: [0, 7] }),
    )
    expect((await offline('savepoint', 'diff', end, end)).notes).toBe('They hold the same.')
  })

  it('goes back to the old version from the same savepoint when a migration throws, and names the key', async () => {
    await start(version('back', one), '-p', '2')
    const bad = version('back', {
      ...two,
      state: `tally: state.value(Tally, { was: 'count', migrate: state.from(t.int32()).to(Tally, (n, { key }) => {
        if (key === 'k5') throw new Error('what is k5?')
        return { n, label: '' } }) })`,
    })
    const { code, notes } = await run('upgrade', 'back', bad)
    expect(code).toBe(1)
    expect(notes).toMatch(/migration of state tally of "sum" failed for the key "k5": Error: what is k5\?/)
    expect(notes).toMatch(/The old version of back runs again: JobID/)
    const before = countsOf('back').get('k5') ?? 0
    await until(async () => (countsOf('back').get('k5') ?? 0) > before)
    await stop('back')
    countsOf('back')
  })

  it('goes back as well when the new version throws at its first record, and says so in JSON', async () => {
    const oldId = await start(version('throws', one))
    const bad = version('throws', { ...one, next: `const n = 0; throw new Error('not again')` })
    const { code, out } = await run('upgrade', 'throws', bad, '--json')
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      outcome: 'fell-back',
      job: 'throws',
      oldJobId: oldId,
      restorable: true,
      savepoint: expect.stringMatching(/^file:/),
      error: { message: expect.stringContaining('not again') },
    })
    const before = countsOf('throws').get('k0') ?? 0
    await until(async () => (countsOf('throws').get('k0') ?? 0) > before)
    await stop('throws')
    countsOf('throws')
  })

  it('touches nothing when state would be lost, and drops it when told to', async () => {
    const oldId = await start(version('lost', one))
    const text = version('lost', {
      state: 'count: t.string().state()',
      next: `const n = Number(state.count.get() ?? 0) + 1; state.count.set(String(n))`,
    })
    const refused = await run('upgrade', 'lost', text)
    expect(refused.code).toBe(5)
    expect(refused.notes).toContain('sum.count (type changed from int32 to string)')
    expect(refused.notes).toContain('state.from(Old).to(New')
    expect(refused.notes).toContain('Nothing was changed: lost runs on.')
    expect((await cluster.client.info(oldId)).status).toMatchObject({ state: 'running', attempt: 1 })
    const { code, notes } = await run('upgrade', 'lost', text, '-n')
    expect(code, notes).toBe(0)
  })

  it('says what goes on at Ctrl-C', async () => {
    await start(version('interrupted', one))
    /** Ctrl-C as soon as that is said. */
    const interruptedAt = (pattern: RegExp): RecordingTerminal => {
      const terminal = recordingTerminal()
      const { note } = terminal
      return Object.assign(terminal, {
        note: (line: string) => {
          note(line)
          if (pattern.test(line)) terminal.interrupt()
        },
      })
    }
    const first = cli(interruptedAt(/in\.splits/), 'upgrade', 'interrupted', version('interrupted', two))
    expect(await first).toMatchObject({
      code: 1,
      notes: expect.stringMatching(/Nothing was changed: interrupted runs on\.$/),
    })
    const early = cli(interruptedAt(/ DEPLOYING/), 'upgrade', 'interrupted', version('interrupted', two))
    expect(await early).toMatchObject({
      code: 6,
      notes: expect.stringMatching(
        /The new version goes on starting as [0-9a-f]{16}.*\n?.*Go back by hand: millrace cancel/s,
      ),
    })
    await until(async () => (await cluster.client.info('interrupted')).status.state === 'running')
    countsOf('interrupted')
    const later = cli(interruptedAt(/^stopping/), 'upgrade', 'interrupted', version('interrupted', two))
    expect(await later).toMatchObject({
      code: 6,
      notes: expect.stringMatching(
        /; the new version was not started.*\n?.*millrace run -s \S+ \S+\.ts\nor the old one again/s,
      ),
    })
    expect(
      (await cluster.client.list()).filter(({ name, terminal }) => name === 'interrupted' && !terminal).length,
    ).toBeLessThan(2)
  })

  it('refuses what does not run', async () => {
    await start(version('ended', one))
    await stop('ended')
    const { code, notes } = await run('upgrade', 'ended', version('ended', two))
    expect(code).toBe(5)
    expect(notes).toContain('CLI_NOT_UPGRADABLE')
    expect((await run('upgrade', 'nobody', version('ended', two))).code).toBe(4)
  })
})

describe('a savepoint', () => {
  it('is resumed from another place, with another parallelism and backend, operators added and removed', async () => {
    await start(version('moved', one), '-p', '2', '-D', 'state.backend.type=rocksdb')
    const path = await stop('moved')
    const elsewhere = join(home, 'elsewhere/moved')
    mkdirSync(join(home, 'elsewhere'))
    renameSync(path, elsewhere)
    const counted = countsOf('moved')
    const extra = `stream.keyBy('key').count({ uid: 'more' }).to(sink.discard(), { uid: 'nowhere' })`
    const more = version('moved', { ...one, extra })
    const check = await offline('build', more, '--check', elsewhere)
    expect(check).toMatchObject({ code: 0 })
    expect(check.out).toMatch(/new +more\.accumulator/)
    await start(more, '-p', '3', '-s', elsewhere, '-D', 'state.backend.type=hashmap')
    await until(async () => (countsOf('moved').get('k1') ?? 0) > (counted.get('k1') ?? 0))
    const second = await stop('moved')
    // The operator is gone again.
    const less = version('moved', one)
    expect(await offline('build', less, '--check', second)).toMatchObject({
      code: 5,
      notes: expect.stringContaining('CHECKPOINT_STATE_LOST'),
    })
    expect((await offline('build', less, '--check', second, '-n')).code).toBe(0)
    await start(less, '-s', second, '-n', '-D', 'state.backend.type=rocksdb')
    await stop('moved')
    countsOf('moved')
  })

  it('starts an ended job again with its own code', async () => {
    const first = await start(version('again', one))
    const path = await stop('again')
    const { code, out } = await run('run', '-d', '--json', '-s', path, first)
    expect(code).toBe(0)
    const { jobId } = JSON.parse(out) as { jobId: string }
    const before = countsOf('again').get('k2') ?? 0
    await until(async () => (countsOf('again').get('k2') ?? 0) > before)
    expect((await run('run', '-d', jobId)).code).toBe(5)
    await stop(jobId)
    countsOf('again')
  })

  it('that is damaged, incomplete, newer or of another job is refused before anything starts', async () => {
    const job = version('bad', one)
    await start(job)
    const path = await stop('bad')
    const broken = (name: string, damage: (directory: string) => void): string => {
      const directory = join(home, 'broken', name)
      cpSync(path, directory, { recursive: true })
      damage(directory)
      return directory
    }
    const manifest = (directory: string) => join(directory, 'manifest')
    const change = (file: string, at: number) => {
      const bytes = readFileSync(file)
      bytes[at] = (bytes[at] as number) ^ 1
      writeFileSync(file, bytes)
    }
    const cases: readonly [string, string, string, number][] = [
      [broken('altered', (directory) => change(manifest(directory), 60)), 'CHECKPOINT_ALTERED', 'was altered', 1],
      [broken('newer', (directory) => change(manifest(directory), 5)), 'CHECKPOINT_NEWER_VERSION', 'format version', 1],
      [broken('short', (directory) => truncateSync(manifest(directory), 100)), 'CHECKPOINT_TRUNCATED', 'cut short', 1],
      [broken('half', (directory) => rmSync(manifest(directory))), 'CHECKPOINT_NO_SNAPSHOT', 'no snapshot', 4],
    ]
    for (const [directory, code, text, exit] of cases) {
      for (const argv of [
        ['build', job, '--check', directory],
        ['run', '-d', '-s', directory, job, '-m', cluster.client.address],
        ['savepoint', 'read', directory],
      ]) {
        const { code: ended, notes } = await offline(...argv)
        expect(notes, argv.join(' ')).toContain(code)
        expect(notes).toContain(text)
        expect(notes).toContain(directory)
        expect(ended).toBe(exit)
      }
    }
    const other = version('other', one)
    writeFileSync(other, readFileSync(other, 'utf8').replaceAll(/uid: '(\w+)'/g, "uid: 'other-$1'"))
    const refused = await offline('build', other, '--check', path)
    expect(refused.code).toBe(5)
    expect(refused.notes).toContain("of job 'bad', and nothing of it is found in 'other'")
    expect((await offline('build', job, '--check', fileURLToPath(new URL('.', import.meta.url)))).code).toBe(4)
  })
})
