/** Lists of one piece and of several, with and without a lifetime, always the same: what the golden file of lists holds. */
import type { Clock } from '../../../core/platform/clock.ts'
import type { RestoredOperator } from '../../../proto/checkpoint/restore-plan.ts'
import type { RunHandle } from '../../../proto/checkpoint/manifest.ts'
import { createKeyedStateBackend } from '../../../taskmanager/state/backend.ts'
import { entriesOf, GoldenClock, type GoldenEntry } from './contents.ts'

export const longList: readonly unknown[] = Array.from({ length: 130 }, (_, i) => (i % 3 === 0 ? i : { i }))
export const shortList: readonly unknown[] = ['ü', null]

/** `clock`: of the year 2023. */
export const listsOf = (restored: RestoredOperator | undefined, clock: Clock) => {
  const backend = createKeyedStateBackend({
    key: { type: 'string', fields: ['key'], single: true },
    range: { from: 0, to: 65536 },
    states: [],
    target: { root: '/nonexistent/golden', jobId: 'golden', epoch: 1, node: 1, subtask: 0 },
    restored,
    clock,
  })
  return Object.assign(backend, { list: backend.list('list'), timed: backend.list('timed', undefined, 1000) })
}

/** Ids of a key with long lists and of one with short lists. */
export const idsOf = (backend: ReturnType<typeof listsOf>): Int32Array =>
  backend.resolveRows({ keys: ['long', 'short'], hashes: Int32Array.of(0x10000001, 0x20000002) }, 2).slice()

export interface GoldenLists {
  readonly runs: readonly RunHandle[]
  readonly entries: readonly GoldenEntry[]
}

/** A base, and a delta of what was added. */
export async function makeGoldenLists(): Promise<GoldenLists> {
  const clock = new GoldenClock()
  const backend = listsOf(undefined, clock)
  await backend.open()
  const [long, short] = idsOf(backend)
  for (const value of longList.slice(0, 100)) {
    backend.list.add(long, value)
    backend.timed.add(long, value)
  }
  clock.advance(100)
  for (const store of [backend.list, backend.timed]) store.set(short, shortList)
  await backend.snapshot(1).result
  backend.notifyCheckpointComplete(1)
  for (const value of longList.slice(100)) {
    backend.list.add(long, value)
    backend.timed.add(long, value)
  }
  const runs = await backend.snapshot(2).result
  backend.close()
  return { runs, entries: entriesOf(runs) }
}
