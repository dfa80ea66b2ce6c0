/** Snapshots read and compared without a cluster: every kind of state, from files and from S3, whichever backend wrote it. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../../../cli/program.ts'
import { openS3 } from '../../../../core/storage/s3/client.ts'
import { s3Settings, useS3 } from '../../../../core/storage/s3/options.ts'
import { probeSnapshot } from '../../../../proto/checkpoint/probe.ts'
import { readSnapshot, type Snapshot } from '../../../../proto/checkpoint/savepoint.ts'
import { state, type Type, t, window } from '../../../../sdk/index.ts'
import type { Stream } from '../../../../sdk/stream.ts'
import { diffSnapshots } from '../../../../taskmanager/state/snapshot/diff-snapshots.ts'
import { type ReadFilter, readEntries, type StateEntry } from '../../../../taskmanager/state/snapshot/read-snapshot.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'
import { recordingTerminal } from '../../../support/recording-terminal.ts'
import { installS3Server, type S3Server, startS3Server } from '../../../support/s3-server.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-read-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const open: OperatorHarness[] = []
afterEach(async () => {
  for (const harness of open.splice(0)) await harness.close()
})

interface In {
  key: unknown
  value: number
}
const In = t.object({ key: t.any(), value: t.float64() }) as Type<In>
const made = (build: (stream: Stream<In>) => Stream<unknown>, rocksdb = false): OperatorHarness => {
  const harness = OperatorHarness.of<In>(build, { type: In, rocksdb })
  open.push(harness)
  return harness
}

let savepoints = 0
const target = (): string => join(directory, `savepoint-${++savepoints}`)

async function entriesOf(snapshot: Snapshot, filter?: ReadFilter): Promise<StateEntry[]> {
  const found: StateEntry[] = []
  for await (const entry of readEntries(snapshot, filter)) found.push(entry)
  return found
}

const everything = (rocksdb: boolean) =>
  made(
    (stream) =>
      stream
        .keyBy((record) => record.key as string)
        .process({
          uid: 'all',
          state: {
            value: state.value(t.object({ n: t.float64() })),
            list: state.list(t.float64()),
            map: state.map(t.string(), t.float64()),
            sum: state.reducing(t.float64(), (a, b) => a + b),
            aged: state.value(t.float64(), { ttl: '1h' }),
            long: state.list(t.float64(), { ttl: '1h' }),
          },
          onElement({ value }, context) {
            for (let i = 0; i < 100; i++) context.state.long.add(value + i)
            context.state.value.set({ n: value })
            context.state.list.add(value)
            context.state.map.set(`m${value}`, value)
            context.state.sum.add(value)
            context.state.aged.set(value)
            context.timers.at(5000 + value)
          },
        }) as Stream<unknown>,
    rocksdb,
  )

describe.each([
  ['memory', false],
  ['RocksDB', true],
] as const)('a snapshot of state in %s', (_, rocksdb) => {
  it('gives every entry of every kind of state', async () => {
    const job = await everything(rocksdb).start(2)
    job.rows([
      { key: 'a', value: 1 },
      { key: 'b', value: 2 },
    ])
    const first = await job.savepoint(target())
    job.rows([{ key: 'a', value: 3 }])
    // A chain of two runs: what the second one hides is not there.
    const snapshot = await job.savepoint(target())
    const mine = await entriesOf(snapshot, { uid: 'all', keys: ['a'] })
    expect(mine).toHaveLength(9)
    const long = [1, 3].flatMap((value) => Array.from({ length: 100 }, (_, i) => value + i))
    expect(mine).toEqual(
      expect.arrayContaining([
        { uid: 'all', state: 'value', key: 'a', value: { n: 3 } },
        { uid: 'all', state: 'list', key: 'a', value: [1, 3] },
        { uid: 'all', state: 'map', key: 'a', mapKey: 'm1', value: 1 },
        { uid: 'all', state: 'map', key: 'a', mapKey: 'm3', value: 3 },
        { uid: 'all', state: 'sum', key: 'a', value: 4 },
        { uid: 'all', state: 'aged', key: 'a', value: 3, written: 1_700_000_000_000 },
        { uid: 'all', state: 'long', key: 'a', value: long, written: 1_700_000_000_000 },
        { uid: 'all', state: 'timers', key: 'a', timer: 5001, domain: 'event' },
        { uid: 'all', state: 'timers', key: 'a', timer: 5003, domain: 'event' },
      ]),
    )
    expect(await entriesOf(snapshot, { state: 'sum' })).toHaveLength(2)
    const { states } = await diffSnapshots(first, snapshot)
    const changes = states
      .filter(({ uid }) => uid === 'all')
      .map(({ state: name, change, keys, entries }) => ({ name, change, keys, entries }))
    const changed = { added: 0, removed: 0, changed: 1 }
    expect(changes).toContainEqual({ name: 'map', change: 'changed', keys: changed, entries: [2, 3] })
    expect(changes).toContainEqual({ name: 'sum', change: 'changed', keys: changed, entries: [2, 2] })
    expect((await diffSnapshots(first, first)).states.every(({ change }) => change === 'same')).toBe(true)
  })

  it('finds keys that are numbers, bigints and objects on the command line', async () => {
    const job = await made(
      (stream) =>
        stream
          .keyBy((record) => record.key as string)
          .process({
            uid: 'keys',
            state: { it: t.float64().state() },
            onElement: ({ value }, context) => context.state.it.set(value),
          }) as Stream<unknown>,
      rocksdb,
    ).start(2)
    const keys = [7, '7', 7n, { b: 1, a: 'x' }, null, 'text']
    job.rows(keys.map((key, value) => ({ key, value })))
    const { location } = await job.savepoint(target())
    const read = async (...argv: string[]) => {
      const terminal = recordingTerminal()
      const code = await runCli(['savepoint', 'read', location, ...argv], () => terminal)
      return {
        code,
        values: terminal.outLines.map((line) => (JSON.parse(line) as StateEntry).value),
        notes: terminal.noteLines,
      }
    }
    expect((await read('--uid', 'keys', '--key', '7')).values.toSorted()).toEqual([0, 1, 2])
    expect((await read('--uid', 'keys', '--key', '{"a":"x","b":1}')).values).toEqual([3])
    expect((await read('--uid', 'keys', '--key', 'text')).values).toEqual([5])
    expect((await read('--uid', 'keys', '--key', 'none')).notes).toEqual(['Nothing is kept for the key none.'])
    expect((await read('--state', 'it', '--limit', '2')).values).toHaveLength(2)
    expect(await read('--uid', 'key')).toMatchObject({
      code: 4,
      notes: [expect.stringContaining('NOT_IN_SNAPSHOT'), '  Did you mean keys?'],
    })
    expect(await read('--state', 'that')).toMatchObject({ code: 4 })
  })
})

describe('a snapshot of windows', () => {
  it('gives panes and sessions with what they hold by name', async () => {
    const counted = made(
      (stream) =>
        stream
          .keyBy((record) => record.key as string)
          .window(window.tumbling('10s'))
          .count({ uid: 'w', as: 'n' }) as Stream<unknown>,
    )
    await counted.start()
    counted.rows([{ key: 'a', value: 1 }], { timestamps: [12_000] })
    expect(await entriesOf(await counted.savepoint(target()), { uid: 'w', state: 'window' })).toEqual([
      { uid: 'w', state: 'window', key: 'a', windowStart: 10_000, value: { n: 1 } },
    ])
    const sessions = made(
      (stream) =>
        stream
          .keyBy((record) => record.key as string)
          .window(window.session('10s'))
          .max('value', { uid: 's' }) as Stream<unknown>,
    )
    await sessions.start()
    sessions.rows([{ key: 'a', value: 4 }], { timestamps: [12_000] })
    expect(await entriesOf(await sessions.savepoint(target()), { uid: 's', state: 'window' })).toEqual([
      { uid: 's', state: 'window', key: 'a', windowStart: 12_000, windowEnd: 22_000, value: { max: 4 } },
    ])
  })
})

describe('the difference of two snapshots', () => {
  it('counts keys as a comparison of two maps does', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(40), fc.nat(3)), { maxLength: 60 }), fc.nat(60), async (writes, at) => {
        const job = made(
          (stream) =>
            stream
              .keyBy((record) => record.key as number)
              .process({
                uid: 'kv',
                state: { it: t.float64().state() },
                onElement: ({ value }, context) =>
                  value === 0 ? context.state.it.clear() : context.state.it.set(value),
              }) as Stream<unknown>,
        )
        await job.start(3)
        const model = new Map<number, number>()
        const apply = (part: readonly [number, number][]) => {
          for (const [key, value] of part) value === 0 ? model.delete(key) : model.set(key, value)
          job.rows(part.map(([key, value]) => ({ key, value })))
        }
        apply(writes.slice(0, at))
        const before = new Map(model)
        const a = await job.savepoint(target())
        apply(writes.slice(at))
        const b = await job.savepoint(target())
        const [diff] = (await diffSnapshots(a, b)).states.filter(({ state: name }) => name === 'it')
        expect(diff?.keys).toEqual({
          added: [...model.keys()].filter((key) => !before.has(key)).length,
          removed: [...before.keys()].filter((key) => !model.has(key)).length,
          changed: [...model].filter(([key, value]) => before.has(key) && before.get(key) !== value).length,
        })
        expect(diff?.entries).toEqual([before.size, model.size])
      }),
      { numRuns: 15 },
    )
  })
})

describe('a snapshot whose runs are not as they were written', () => {
  const large = async (): Promise<string> => {
    const job = await everything(false).start(1)
    job.rows(Array.from({ length: 3000 }, (_, value) => ({ key: `key ${value}`, value })))
    return (await job.savepoint(target())).location.replace('file://', '')
  }
  const runOf = (path: string): string => join(path, 'runs', readdirSync(join(path, 'runs'))[0] as string)

  it('is refused before anything reads it when a run is missing, cut short or another one', async () => {
    const path = await large()
    await probeSnapshot(await readSnapshot(path))
    const run = runOf(path)
    const bytes = readFileSync(run)
    truncateSync(run, bytes.length - 10)
    await expect(probeSnapshot(await readSnapshot(path))).rejects.toMatchObject({
      message: expect.stringContaining(run),
    })
    rmSync(run)
    await expect(probeSnapshot(await readSnapshot(path))).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' })
    writeFileSync(run, readFileSync(runOf(await large())))
    await expect(probeSnapshot(await readSnapshot(path))).resolves.toBeUndefined()
  })

  it('names the run in which a byte was changed', async () => {
    const path = await large()
    const run = runOf(path)
    const bytes = readFileSync(run)
    bytes[1000] = (bytes[1000] as number) ^ 1
    writeFileSync(run, bytes)
    const terminal = recordingTerminal()
    expect(await runCli(['savepoint', 'read', path], () => terminal)).toBe(1)
    expect(terminal.noteLines.join('\n')).toMatch(new RegExp(`${run} was altered.*CHECKPOINT_ALTERED`))
  })
})

installS3Server()

describe('a savepoint in S3', () => {
  let server: S3Server
  beforeAll(async () => {
    server = await startS3Server()
    const settings = s3Settings(server.options)
    const { sdk, client } = await openS3(settings)
    await client.send(new sdk.CreateBucketCommand({ Bucket: 'savepoints' }))
    useS3(settings)
  })
  afterAll(() => server?.close())

  it('is read and compared like one in files', async () => {
    const job = await everything(false).start(2)
    job.rows(Array.from({ length: 2000 }, (_, value) => ({ key: `key ${value}`, value })))
    const local = await job.savepoint(target())
    const remote = await job.savepoint('s3://savepoints/one')
    expect((await readSnapshot('s3://savepoints/one')).manifest.kind).toBe('savepoint')
    expect(await entriesOf(remote, { keys: ['key 77'] })).toEqual(await entriesOf(local, { keys: ['key 77'] }))
    const { states } = await diffSnapshots(local, remote)
    expect(states.every(({ change }) => change === 'same')).toBe(true)
    expect(states.find(({ state: name }) => name === 'sum')?.entries).toEqual([2000, 2000])
  })
})
