/** What a user is told about a job, an option or a file that is wrong: real processes, what they print, their exit codes. */
import { cpSync, mkdirSync, readdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { ChaosCluster } from '../chaos/cluster.ts'
import { type Ended, runCliProcess, startCli } from '../support/cli-process.ts'

let cluster: ChaosCluster
let directory: string

beforeAll(async () => {
  cluster = await ChaosCluster.start({
    taskManagers: 1,
    slots: 2,
    options: { 'task.watchdog.timeout': '1s', 'jobmanager.bundle.max-size': '1mb' },
  })
  directory = join(cluster.directory, 'user')
  mkdirSync(directory)
})
afterAll(() => cluster.close())

const millrace = (...argv: string[]): Promise<Ended> => runCliProcess(directory, ...argv, '-m', cluster.address)

function file(name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return name
}

const head = "import { defineJob, sink, source, t } from 'millrace'\n"

/** A job whose graph begins in line 4. */
const job = (name: string, body: string): string =>
  file(
    `${name}.ts`,
    `${head}export default defineJob('${name}', (env) => {
  env.set('restart-strategy.type', 'none')
${body}
})`,
  )
const values = "env.from(source.values([{ a: 1 }, { a: 2 }]), { uid: 'in' })"
const out = ".to(sink.collect(), { uid: 'out' })"

describe('a job file', () => {
  const cases: readonly (readonly [string, () => string, number, RegExp])[] = [
    ['that is not there', () => 'no-such.ts', 4, /there is no file no-such\.ts {2}CLI_NO_SUCH_FILE/],
    ['that is a directory', () => '.', 2, /\. is a directory/],
    ['that does not compile', () => file('broken.ts', `${head}const a = +* 2`), 1, /broken\.ts:2:12: .*\n.*\n *\^/],
    ['without a default export', () => file('none.ts', 'export const a = 1'), 1, /none\.ts has no default export/],
    ['that exports something else', () => file('other.ts', 'export default {}'), 1, /not a job {2}CLI_NOT_A_JOB/],
    [
      'that throws while it builds',
      () => job('throws', "  throw new TypeError('my own words')"),
      1,
      /TypeError: my own words {2}CLI_JOB_THROWS\n {4}at .*throws\.ts:4:9/,
    ],
    [
      'with a uid that stands twice',
      () => job('twice', `  ${values}.keyBy('a').count({ uid: 'in' })${out}`),
      1,
      /the uid "in" is given twice: .*twice\.ts:4:7 .*twice\.ts:4:\d+ {2}SDK_DUPLICATE_UID/,
    ],
    ['without a sink', () => job('no-sink', `  ${values}`), 1, /the job "no-sink" has no sink/],
    [
      'that would have a cycle',
      () => job('cycle', `  let later: never\n  ${values}.union(later)${out}`),
      1,
      /union needs streams that exist already \(a graph has no cycles\).*cycle\.ts:5:/,
    ],
    [
      'whose bundle is too large',
      () =>
        job(
          'large',
          `  const text = '${'0123456789'.repeat(80_000)}'\n  env.from(source.values([text]), { uid: 'in' })${out}`,
        ),
      1,
      /the bundle has \d+ bytes, more than the 1048576 allowed {2}JOBMANAGER_BUNDLE_TOO_LARGE/,
    ],
  ]
  it.each(cases)('%s is refused with the place', async (_, make, code, words) => {
    const ended = await millrace('run', make())
    expect(ended.notes).toMatch(words)
    expect(ended.code).toBe(code)
  })
})

describe('an option', () => {
  const cases: readonly (readonly [string, number, RegExp])[] = [
    ['execution.checkpointing.intervall=5s', 2, /Did you mean "execution\.checkpointing\.interval"\?/],
    ['exection.buffer-timeout=5ms', 2, /Did you mean "execution\.buffer-timeout"\?/],
    ['state.no-such-thing=1', 2, /nothing is called state\.no-such-thing/],
    ['execution.buffer-timeout=5x', 2, /"5x" is not a duration/],
    ['parallelism.default=many', 1, /the parallelism of the job is many/],
    ['task.watchdog.timeout=5s', 2, /an option of a process of the cluster; a job cannot set it/],
    ['jobmanager.rpc.prot=5', 2, /CONFIG_NOT_FOR_JOBS/],
    ['no-value', 2, /expected key=value/],
  ]
  it.each(cases)('%s of a submission is refused', async (definition, code, words) => {
    const ended = await millrace('run', job('options', `  ${values}${out}`), '-D', definition)
    expect(ended.notes).toMatch(words)
    expect(ended.code).toBe(code)
  })

  it('of the job itself is checked as well, by the JobManager too', async () => {
    const ended = await millrace('run', job('own', `  env.set('restart-strategy.typ', 'none')\n  ${values}${out}`))
    expect(ended).toMatchObject({ code: 2, notes: expect.stringContaining('Did you mean "restart-strategy.type"?') })
    const plan = {
      version: 1,
      name: 'x',
      options: { 'pipeline.nothing': '1' },
      vertices: [vertex],
      edges: [],
      hash: '',
    }
    await expect(
      cluster.client.submit({ plan: plan as never, bundle: Buffer.from('x'), options: {} }),
    ).rejects.toMatchObject({ code: 'CONFIG_UNKNOWN_KEY' })
  })

  it("that is the job's own passes", async () => {
    const path = job('free', `  const name = env.option('rate', '1')\n  ${values}.map((x) => ({ ...x, name }))${out}`)
    const ended = await millrace('run', path, '-D', 'rate=20', '-D', 'my.execution=1')
    expect(ended.code).toBe(0)
    expect(ended.out).toContain('{"a":1,"name":"20"}')
  })

  it('of a process, misspelt in its configuration file or beside it, stops the start', async () => {
    const path = file('bad.yaml', 'jobmanager:\n  rpc:\n    prot: 5\n')
    const start = (...more: string[]) => runCliProcess(directory, 'start', '--role', 'jobmanager', ...more)
    const words = 'Did you mean "jobmanager.rpc.port"?'
    expect(await start('--config', path)).toMatchObject({ code: 2, notes: expect.stringContaining(words) })
    expect(await start('-D', 'jobmanager.rpc.prot=5')).toMatchObject({ code: 2, notes: expect.stringContaining(words) })
  })
})
const vertex = { id: 0, name: 'v', parallelism: 1, operators: [{ node: 0, uid: 'a', name: 'a', kind: 'source' }] }

describe('a port or an address', () => {
  it('in use is named', async () => {
    const port = cluster.address.split(':')[1] ?? ''
    const ended = await runCliProcess(directory, 'start', '--role', 'jobmanager', '-D', `jobmanager.rpc.port=${port}`)
    expect(ended).toMatchObject({ code: 5, notes: expect.stringContaining(`port ${port} on 127.0.0.1 is in use`) })
  })

  it('without a JobManager is named, with what to do', async () => {
    const ended = await runCliProcess(directory, 'list', '-m', '127.0.0.1:1')
    expect(ended).toMatchObject({
      code: 3,
      notes: expect.stringMatching(/no JobManager at 127\.0\.0\.1:1 .*\n.*Start one/),
    })
  })
})

describe('too few slots', () => {
  it('let a job wait, say how many are missing, and end with the wait', async () => {
    const path = job('wide', `  ${values}.map((x) => x, { parallelism: 3, uid: 'wide' })${out}`)
    const run = startCli(directory, 'run', path, '-m', cluster.address)
    await run.shows(/WAITING-FOR-RESOURCES {2}needs 3 slots, 1 missing/)
    await cluster.client.cancel('wide')
    expect(await run.ended).toMatchObject({ code: 1, notes: expect.stringContaining('was canceled') })
  })
})

describe('a function of a user', () => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    [
      'that throws',
      `${values}.map((x) => { if (x.a === 2) throw new TypeError('no twos'); return x }, { uid: 'mapper' })${out}`,
      /failed in map \(uid mapper\): TypeError: no twos.*\n {4}at .*user-0\.ts:4:/,
    ],
    [
      'that gives no iterable',
      `${values}.flatMap(() => 7 as never, { uid: 'flat' })${out}`,
      /failed in flatMap \(uid flat\): flatMap must return an iterable/,
    ],
    [
      'that gives a promise',
      `${values}.map((x) => Promise.resolve(x) as never, { uid: 'later' })${out}`,
      /failed in map \(uid later\): a function of map returns a promise/,
    ],
    [
      'that never returns',
      `${values}.map((x) => {\n    for (;;) if (x.a > 5) return x\n  }, { uid: 'looper' })${out}`,
      /values -> map -> collect has not returned for 1s .*\n {4}at .*user-3\.ts:5:/,
    ],
    [
      'that sets state to what its type does not allow',
      `${values}.keyBy('a').process({ uid: 'p', state: { n: t.int32().state() },
    onElement(x, { state }, emit) { state.n.set('text' as never); emit(x) } })${out}`,
      /failed in process \(uid p\): state n is declared int32, and was set to text.*\n {4}at onElement .*user-4\.ts:5:/,
    ],
    [
      'that never returns, called by a timer',
      `env.from(source.generator({ rate: 5, create: (n) => ({ a: n }) }), { uid: 'in' })
    .keyBy('a').process({ uid: 'p', state: {},
    onElement(_, context) { context.timers.atProcessingTime(Date.now() + 10) },
    onTimer() { for (;;) if (Date.now() < 0) return } })${out}`,
      /process -> collect has not returned for 1s .*\n {4}at onTimer .*user-5\.ts:7:/,
    ],
    [
      'that gives no time',
      `env.from(source.values([{ a: 1 }]), { uid: 'in', eventTime: () => 'soon' as never })${out}`,
      /\(uid in\): eventTime gave soon/,
    ],
  ]
  it.each(cases.map(([title, body, words], i) => [title, body, words, i] as const))(
    '%s fails the job with operator, uid and line',
    async (_, body, words, i) => {
      const ended = await millrace('run', job(`user-${i}`, `  ${body}`))
      expect(ended.notes).toMatch(words)
      expect(ended.code).toBe(1)
      const info = await millrace('info', `user-${i}`)
      expect(info.out).toContain('failed in ')
    },
  )
})

describe('a broken line of a file', () => {
  beforeAll(() => {
    file('in.csv', 'a,s\n1,x\ntwo,y\n3,z\n')
    file('in.json', '{"a":1,"s":"x"}\n{"a":2,\n{"a":3,"s":"z"}\n')
  })
  const read = (name: string, format: string, onError: string): string =>
    job(
      `read-${format}-${onError}`,
      `  const type = t.object({ a: t.int32(), s: t.string() })
  const path = ${JSON.stringify(join(directory, name))}
  env.from(source.files({ path, format: '${format}', type }), { uid: 'in', onError: '${onError}' })${out}`,
    )
  for (const [name, format, place] of [
    ['in.csv', 'csv', /in\.csv:3: a is "two", declared as int32/],
    ['in.json', 'ndjson', /in\.json:2: /],
  ] as const) {
    it(`${name}: is named, skipped, or kept with its content`, async () => {
      const failed = await millrace('run', read(name, format, 'fail'))
      expect(failed).toMatchObject({ code: 1, notes: expect.stringMatching(place) })
      for (const policy of ['skip', 'dead-letter']) {
        const ended = await millrace('run', read(name, format, policy))
        expect(ended.code).toBe(0)
        expect(ended.out.trim().split('\n').sort()).toEqual(['{"a":1,"s":"x"}', '{"a":3,"s":"z"}'])
        const shown = await millrace('info', `read-${format}-${policy}`)
        expect(shown.out).toMatch(/: 1 record failed and was (skipped|written to dead-letter)\n/)
      }
      const letters = readdirSync(cluster.directory, { recursive: true, encoding: 'utf8' })
        .filter((path) => /dead-letter.*\.ndjson$/.test(path))
        .map((path) => JSON.parse(readFileSync(join(cluster.directory, path), 'utf8')) as Record<string, unknown>)
      const letter = letters.find((each) => place.test(String(each.error)))
      expect(letter).toMatchObject({ uid: 'in', code: 'CONNECTOR_BROKEN_RECORD', record: expect.anything() })
    })
  }
})

describe('a snapshot', () => {
  it('that is cut, altered, newer, missing or of another job is refused with its reason', async () => {
    const count = job(
      'counts',
      `  env.set('execution.checkpointing.interval', '10m')
  env.from(source.generator({ rate: 500, create: (n) => ({ k: n % 7 }) }), { uid: 'in' })
    .keyBy('k').count({ uid: 'count' }).to(sink.discard(), { uid: 'out' })`,
    )
    expect((await millrace('run', count, '-d')).code).toBe(0)
    await cluster.until('a running job', async () => (await cluster.client.info('counts')).status.state === 'running')
    const made = await millrace('stop', 'counts', '-p', 'savepoints', '--json')
    const { path } = JSON.parse(made.out) as { path: string }
    const good = path.replace('file://', '')
    const damaged = (name: string, damage: (manifest: string) => void): string => {
      cpSync(good, join(directory, name), { recursive: true })
      damage(join(directory, name, 'manifest'))
      return name
    }
    const set = (at: number, byte: number) => (manifest: string) => {
      const bytes = readFileSync(manifest)
      bytes[at] = byte
      writeFileSync(manifest, bytes)
    }
    const from = async (snapshot: string, of = count) => millrace('run', of, '-d', '-s', snapshot)
    expect(await from('nowhere')).toMatchObject({ code: 4, notes: expect.stringContaining('there is no snapshot at') })
    const refusals = [
      [damaged('cut', (manifest) => truncateSync(manifest, 40)), 'cut short: 40 of'],
      [damaged('altered', set(60, 0xff)), 'was altered after it was written'],
      [damaged('newer', set(4, 9)), 'has format version 9; this version of Millrace reads up to 1'],
    ] as const
    for (const [snapshot, words] of refusals) {
      const refused = await from(snapshot)
      expect(refused.notes).toContain(words)
      expect(refused.code).toBe(1)
    }
    const other = await from(good, job('others', `  ${values}${out}`))
    expect(other).toMatchObject({ code: 5, notes: expect.stringContaining('the restore would lose state: count.') })
    expect(await from(good)).toMatchObject({ code: 0, notes: expect.stringMatching(/kept +count\./) })
    await cluster.client.cancel((await cluster.client.list())[0]?.jobId ?? '')
  })
})
