/**
 * Small state of every kind, always the same: what golden files of state entries hold.
 */
import { ManualClock } from '../../../core/platform/manual-clock.ts'
import type { Clock } from '../../../core/platform/clock.ts'
import type { RunHandle } from '../../../proto/checkpoint/manifest.ts'
import type { RestoredOperator } from '../../../proto/checkpoint/restore-plan.ts'
import { RunReader } from '../../../proto/checkpoint/runs/run.ts'
import type { Snapshotting, StateBackendOptions } from '../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../taskmanager/state/backend.ts'
import { createSessionStore } from '../../../taskmanager/state/sessions/session-store.ts'
import { createWindowStore } from '../../../taskmanager/state/windows/window-store.ts'
import { restoredRuns } from '../../support/restored.ts'

/** Runs are small enough to stand in their handles: nothing is written here. */
const root = '/nonexistent/golden'
const aggregates = [
  { as: 'n', fn: 'count' },
  { as: 'hi', fn: 'max', field: 'v' },
  { as: 'mean', fn: 'avg', field: 'v' },
] as const
const exact = [
  { as: 'total', fn: 'sum', field: 'w', int64: true },
  { as: 'least', fn: 'min', field: 'w', int64: true },
  { as: 'mean', fn: 'avg', field: 'w' },
] as const
const late = new Int32Array(8)

export const restoredFrom = (runs: readonly RunHandle[]): RestoredOperator => restoredRuns(root, runs)

function options(type: 'number' | 'string' | 'any', restored: RestoredOperator | undefined, clock: Clock): StateBackendOptions {
  return {
    key: { type, fields: ['key'], single: true },
    range: { from: 0, to: 65536 },
    states: [],
    target: { root, jobId: 'golden', epoch: 1, node: 1, subtask: 0 },
    restored,
    clock,
  }
}

/** A clock of the year 2023 whose immediates run by themselves. */
export class GoldenClock extends ManualClock {
  constructor() {
    super(1_700_000_000_000)
  }

  override setImmediate(task: () => void): void {
    setImmediate(task)
  }
}

export const backendOf = (restored: RestoredOperator | undefined, clock: Clock) => {
  const backend = createKeyedStateBackend(options('any', restored, clock))
  return Object.assign(backend, {
    flat: backend.value('flat', { kind: 'float64' }),
    timed: backend.value('timed', undefined, 1000),
    list: backend.list('list'),
    map: backend.map('map'),
    running: backend.accumulators('running', aggregates),
    timer: backend.timers('timer'),
    exact: backend.accumulators('exact', exact),
  })
}

export const windowsOf = (restored: RestoredOperator | undefined, clock: Clock) =>
  createWindowStore({ ...options('string', restored, clock), name: 'w', aggregate: { kind: 'declared', aggregates }, paneMs: 1000, offsetMs: 0 })

export const sessionsOf = (restored: RestoredOperator | undefined, clock: Clock) =>
  createSessionStore({ ...options('number', restored, clock), name: 's', aggregate: { kind: 'declared', aggregates }, gapMs: 1000 })

export const keys: readonly unknown[] = [-0, 'k', { b: 2, a: 'x' }, 12.5]
export const hashes = Int32Array.of(0x10000001, 0x20000002, 0x30000003, -2)

export interface GoldenEntry {
  readonly hash: number
  readonly state: number
  readonly kind: number
  readonly key: string
  readonly namespace: string
  readonly value: string
}

export interface GoldenState {
  readonly backend: readonly RunHandle[]
  readonly windows: readonly RunHandle[]
  readonly sessions: readonly RunHandle[]
  readonly entries: Readonly<Record<string, readonly GoldenEntry[]>>
}

/** Writes a base and a delta of each kind of store. */
export async function makeGolden(): Promise<GoldenState> {
  const clock = new GoldenClock()
  const chain = async (store: Snapshotting, first: () => void, second: () => void): Promise<readonly RunHandle[]> => {
    await store.open()
    first()
    await store.snapshot(1).result
    store.notifyCheckpointComplete(1)
    second()
    const runs = await store.snapshot(2).result
    store.close()
    return runs
  }
  const backend = backendOf(undefined, clock)
  const resolve = (): Int32Array => backend.resolveRows({ keys, hashes }, keys.length).slice()
  const runs = await chain(
    backend,
    () => {
      const ids = resolve()
      ids.forEach((id, i) => {
        backend.flat.set(id, i + 0.5)
        backend.timed.set(id, { n: i, text: 'ü' })
        backend.list.add(id, i)
        backend.map.set(id, 'm', [1n])
        backend.map.set(id, i, null)
        backend.timer.register('event', id, 5000 + i)
      })
      backend.running.updateRows(ids, ids.length, [{ v: 1 }, { v: 2 }, { v: null }, { v: -1 }])
      const wholes = [2n ** 63n - 1n, -(2n ** 53n) - 1n, null, 5n]
      backend.exact.updateRows(ids, ids.length, wholes.map((w) => ({ w })))
    },
    () => {
      const [first, second] = resolve()
      backend.flat.clear(first)
      backend.map.delete(first, 'm')
      backend.timer.cancel('event', first, 5000)
      backend.timer.register('processing', second, 7000)
      backend.list.add(second, 'more')
    },
  )
  const rows = { hashes: Int32Array.of(7 << 16, 9 << 16), rows: [{ v: 1 }, { v: 2 }] }
  const windows = windowsOf(undefined, clock)
  const windowRuns = await chain(
    windows,
    () => windows.addRows({ ...rows, keys: ['a', 'Grüße'], timestamps: Float64Array.of(100, 1100) }, 2, 0, late),
    () => {
      windows.dropBefore(1000)
      windows.addRows({ ...rows, keys: ['a', 'Grüße'], timestamps: Float64Array.of(1200, 1300) }, 2, 0, late)
    },
  )
  const sessions = sessionsOf(undefined, clock)
  const sessionRuns = await chain(
    sessions,
    () => sessions.addRows({ ...rows, keys: [1, 2], timestamps: Float64Array.of(100, 200) }, 2, 0, late),
    () => {
      sessions.fire(1150, () => true)
      sessions.addRows({ ...rows, keys: [1, 2], timestamps: Float64Array.of(3000, 900) }, 2, 0, late)
    },
  )
  const all = { backend: runs, windows: windowRuns, sessions: sessionRuns }
  return { ...all, entries: Object.fromEntries(Object.entries(all).map(([name, handles]) => [name, entriesOf(handles)])) }
}

/** All entries of runs that stand in their handles. */
export function entriesOf(handles: readonly RunHandle[]): GoldenEntry[] {
  const entries: GoldenEntry[] = []
  for (const handle of handles) {
    const reader = RunReader.fromBytes(Buffer.from(handle.inline ?? '', 'base64'), 'golden')
    const cursor = reader.cursor()
    while (cursor.next()) {
      const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
      entries.push({ hash: cursor.hash, state: cursor.state, kind: cursor.kind, key: hex(cursor.key), namespace: hex(cursor.namespace), value: hex(cursor.value) })
    }
  }
  return entries
}
