/**
 * The state in a snapshot for people and programs: keys, values, windows and timers as they were, without a cluster and whichever
 * backend wrote them. Reads only the key ranges that can hold what is asked for.
 */
import { hashValue } from '../../../core/columns/hash.ts'
import type { ManifestOperator } from '../../../proto/checkpoint/manifest.ts'
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { Snapshot } from '../../../proto/checkpoint/savepoint.ts'
import { snapshotEntries } from '../../../proto/checkpoint/snapshot-entries.ts'
import type { PlannedAggregate } from '../../../proto/checkpoint/state-change.ts'
import type { StatePlan } from '../../../proto/jobgraph/plan.ts'
import { readAccumulators } from '../aggregates/convert-accumulators.ts'
import { stateErrors } from '../errors.ts'
import { asBuffer, canonicalKey, keyOfBytes } from '../keys.ts'
import { flatSession, flatSessionHeadBytes } from '../sessions/session-contents.ts'
import { decodeStateValue } from '../values.ts'
import { ListEntry } from './read-lists.ts'

/** What of a snapshot is wanted; all of it where nothing is said. */
export interface ReadFilter {
  readonly uid?: string | undefined
  readonly state?: string | undefined
  /** Any of these values: a key on a command line may be a text or a number. */
  readonly keys?: readonly unknown[] | undefined
}

/** One entry. What a kind of state does not have is absent. */
export interface StateEntry {
  readonly uid: string
  readonly state: string
  readonly key?: unknown
  readonly mapKey?: unknown
  /** Epoch ms. Of a session; of other windows the start of a pane, which sliding windows share. */
  readonly windowStart?: number
  readonly windowEnd?: number
  readonly timer?: number
  readonly domain?: 'event' | 'processing'
  readonly value?: unknown
  /** Epoch ms of the last write, where entries expire. */
  readonly written?: number
  /** Of a source. */
  readonly split?: string
}

/** Entries operator by operator: those by key first, in no order that means anything. */
export async function* readEntries(
  snapshot: Snapshot,
  filter: ReadFilter = {},
): AsyncGenerator<StateEntry, void, void> {
  for (const operator of snapshot.manifest.operators) {
    if (filter.uid !== undefined && filter.uid !== operator.uid) continue
    yield* keyedEntries(snapshot, operator, filter)
    if (filter.keys === undefined) yield* otherEntries(operator, filter.state)
  }
}

async function* keyedEntries(
  { manifest, root }: Snapshot,
  operator: ManifestOperator,
  { state, keys }: ReadFilter,
): AsyncGenerator<StateEntry, void, void> {
  const plan = manifest.plan.vertices.flatMap((vertex) => vertex.operators).find(({ uid }) => uid === operator.uid)
  const decoders = operator.state.map((each) => decoderOf(each, plan?.declared))
  const wanted = new Set(keys?.map((key) => Buffer.from(canonicalKey(key)).toString('latin1')))
  const list = new ListEntry()
  const ranges = keys === undefined ? [undefined] : [...new Set(keys.map((key) => hashValue(key) >>> 16))]
  for (const range of ranges) {
    const [from, to] = range === undefined ? [undefined, undefined] : [range, range + 1]
    for await (const entry of snapshotEntries(root, operator, from, to)) {
      const name = operator.state[entry.state]?.name
      if (name === undefined) {
        const reason = `an entry is of state number ${entry.state}, which "${operator.uid}" has not`
        throw stateErrors.create('MALFORMED', { state: String(entry.state), reason })
      }
      if (state !== undefined && state !== name) continue
      if (keys !== undefined && !wanted.has(asBuffer(entry.key).toString('latin1'))) continue
      if (operator.state[entry.state].kind === 'list') {
        if (!list.continues(entry)) {
          yield* list.take()
          list.begin(entry, operator.uid, name)
        }
        list.add(entry)
        continue
      }
      yield* list.take()
      yield { uid: operator.uid, state: name, key: keyOfBytes(entry.key), ...decoders[entry.state](entry) }
    }
    yield* list.take()
  }
}

function* otherEntries(operator: ManifestOperator, wanted: string | undefined): Generator<StateEntry, void, void> {
  const { uid } = operator
  const is = (state: string): boolean => wanted === undefined || wanted === state
  for (const { splits = [], operatorState, committables = [] } of operator.subtasks) {
    if (is('splits')) for (const { splitId, ...value } of splits) yield { uid, state: 'splits', split: splitId, value }
    const name = operator.state.find(({ kind }) => kind === 'operator')?.name ?? 'operator state'
    const items: readonly unknown[] = Array.isArray(operatorState) ? operatorState : [operatorState]
    if (is(name)) for (const value of items) if (value !== undefined) yield { uid, state: name, value }
    if (is('committables')) for (const value of committables) yield { uid, state: 'committables', value }
  }
}

type Decoder = (entry: RunCursor) => Omit<StateEntry, 'uid' | 'state' | 'key'>

function decoderOf({ name, kind }: StatePlan, declared: Readonly<Record<string, unknown>> = {}): Decoder {
  const aggregates = declared.aggregates as readonly PlannedAggregate[] | undefined
  const valueFor = (bytes: Uint8Array): Pick<StateEntry, 'value' | 'written'> => {
    if (aggregates !== undefined) return { value: readAccumulators(aggregates, asBuffer(bytes), name) }
    const { value, writtenMs } = decodeStateValue(bytes, name)
    return Number.isNaN(writtenMs) ? { value } : { value, written: writtenMs }
  }
  switch (kind) {
    case 'map':
      return (entry) => ({ mapKey: keyOfBytes(entry.namespace), ...valueFor(entry.value) })
    case 'timers':
      return ({ namespace }) => {
        const bytes = asBuffer(namespace)
        return { timer: bytes.readDoubleLE(1), domain: bytes[0] === 0 ? 'event' : 'processing' }
      }
    case 'window':
      if ((declared.assigner as { kind?: string } | undefined)?.kind === 'session')
        return sessionDecoder(name, aggregates)
      return (entry) => ({ windowStart: asBuffer(entry.namespace).readDoubleLE(0), ...valueFor(entry.value) })
    default:
      return (entry) => valueFor(entry.value)
  }
}

function sessionDecoder(name: string, aggregates: readonly PlannedAggregate[] | undefined): Decoder {
  return (entry) => {
    const windowStart = asBuffer(entry.namespace).readDoubleLE(0)
    const bytes = asBuffer(entry.value)
    if (bytes[0] === flatSession && aggregates !== undefined)
      return {
        windowStart,
        windowEnd: bytes.readDoubleLE(1),
        value: readAccumulators(aggregates, bytes.subarray(flatSessionHeadBytes), name),
      }
    const [windowEnd, value] = decodeStateValue(bytes, name).value as [number, unknown]
    return { windowStart, windowEnd, value }
  }
}
