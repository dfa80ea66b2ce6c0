/**
 * Entries of a snapshot on their way into a backend, where the job has other types than the one that wrote them: keys and values
 * are brought to the types of today, by automatic conversions and by the migrations of the job. An entry at a time, so that
 * every backend and every way of reading runs gets it.
 *
 * Promises: what comes out is as a run of today would have it; a function that throws, or gives something else than it says, is an
 * error that names the state and the key. A migration of keys is one to one, or an error: it remembers the keys of the
 * subtask while it restores. One thread.
 */
import { hashValue } from '../../../core/columns/hash.ts'
import type { Field } from '../../../core/columns/schema.ts'
import type { RestoredOperator, RestoredState } from '../../../proto/checkpoint/restore-plan.ts'
import { entryKind, RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import type { PlannedAggregate } from '../../../proto/checkpoint/state-change.ts'
import { anyField, conversionOf, misfit } from '../../../proto/checkpoint/type-change.ts'
import type { OperatorPlan } from '../../../proto/jobgraph/plan.ts'
import type { GraphNode } from '../../../sdk/graph/nodes.ts'
import type { Migration, MigrationContext } from '../../../sdk/migration.ts'
import { convertAccumulators } from '../aggregates/convert-accumulators.ts'
import { stateErrors } from '../errors.ts'
import { asBuffer, canonicalKey, keyOfBytes } from '../keys.ts'
import { decodeElements, encodeElements } from '../list-chunks.ts'
import { flatSession, flatSessionHeadBytes } from '../sessions/session-contents.ts'
import { decodeStateValue, encodeStateValue } from '../values.ts'
import type { EntryConverter, Restoring } from './restoring.ts'

/** Adds the conversion of entries where one is needed. `range`: the key ranges of the subtask. */
export function restoring(
  restored: RestoredOperator,
  operator: OperatorPlan,
  node: Pick<GraphNode, 'kind' | 'migrate' | 'migrateKey'>,
  range: { readonly from: number; readonly to: number },
): Restoring {
  const states = new Map<number, StateConverter>()
  for (const state of restored.states) {
    const convert = state.id < 0 ? undefined : stateConverter(state, operator, migrationOf(node, state, operator))
    if (convert !== undefined) states.set(state.oldId, convert)
  }
  const { rekey } = restored
  const keys = rekey && new KeyConverter(operator.uid, rekey.from, node.migrateKey, operator.keyVersions?.at(-1), range)
  if (keys === undefined && states.size === 0) return restored
  const gone = new Set(restored.states.filter(({ id }) => id < 0).map(({ oldId }) => oldId))
  const out = new ConvertedEntry()
  const convert: EntryConverter = (entry) => {
    if (gone.has(entry.state)) return undefined
    if (keys !== undefined && !keys.read(entry)) return undefined
    const state = states.get(entry.state)
    if (state === undefined && keys === undefined) return entry
    const key = keys?.bytes ?? entry.key
    out.set(keys?.hash ?? entry.hash, entry.state, key, entry.namespace, entry.value)
    if (state === undefined) return out.cursor
    return state(out, () => (keys === undefined ? keyOfBytes(key) : keys.key)) ? out.cursor : undefined
  }
  return { ...restored, convert }
}

function migrationOf(
  node: Pick<GraphNode, 'kind' | 'migrate' | 'migrateKey'>,
  { id }: RestoredState,
  operator: OperatorPlan,
): Migration<unknown> | undefined {
  if (node.kind !== 'process') return node.migrate
  const { state } = node as Extract<GraphNode, { kind: 'process' }>
  return state[operator.state[id].name]?.migrate
}

/** An entry that stands in memory of its own, for whoever takes the entries of runs. */
class ConvertedEntry {
  readonly cursor: RunCursor
  #bytes = Buffer.allocUnsafeSlow(1024)

  constructor() {
    // Of a cursor it is the entry that is wanted, not the run behind it.
    const cursor = Object.create(RunCursor.prototype) as RunCursor
    this.cursor = Object.assign(cursor, { hash: 0, state: 0, kind: entryKind.put, start: 0, keyStart: 0 })
  }

  set(hash: number, state: number, key: Uint8Array, namespace: Uint8Array, value: Uint8Array): void {
    const { cursor } = this
    const keyEnd = key.length
    const namespaceEnd = keyEnd + namespace.length
    const valueEnd = namespaceEnd + value.length
    // Some of what is given may stand in the bytes that are there: they are left as they are.
    const bytes = valueEnd > this.#bytes.length || cursor.bytes === this.#bytes ? this.#fresh(valueEnd) : this.#bytes
    bytes.set(key, 0)
    bytes.set(namespace, keyEnd)
    bytes.set(value, namespaceEnd)
    Object.assign(cursor, { hash: hash >>> 0, state, bytes, keyEnd, namespaceEnd, valueEnd })
  }

  #spare = Buffer.allocUnsafeSlow(1024)

  /** The one of two buffers that the entry does not stand in, large enough. */
  #fresh(bytes: number): Buffer {
    const spare = this.#spare
    this.#spare = this.#bytes
    this.#bytes = spare.length >= bytes ? spare : Buffer.allocUnsafeSlow(Math.max(bytes, spare.length * 2))
    return this.#bytes
  }
}

/** Changes the value, and the namespace of a map; false: the entry is dropped. */
type StateConverter = (entry: ConvertedEntry, key: () => unknown) => boolean

function stateConverter(
  { was, id, change }: RestoredState,
  operator: OperatorPlan,
  migration: Migration<unknown> | undefined,
): StateConverter | undefined {
  if (change.kind !== 'migrated') return undefined
  const now = operator.state[id]
  const session = now.kind === 'window' && (operator.declared?.assigner as { kind?: string })?.kind === 'session'
  if (change.aggregates !== undefined) {
    const aggregates = operator.declared?.aggregates as readonly PlannedAggregate[]
    return accumulatorConverter(change.aggregates, aggregates, session, now.name)
  }
  const { from } = change
  const target = from === undefined ? now.type : now.versions?.[from]
  const convert = conversionOf(was.type ?? anyField, target ?? anyField)
  const steps = from === undefined ? [] : (migration?.steps.slice(from) ?? [])
  if (convert === undefined && steps.length === 0) return undefined
  const { uid } = operator
  const { name: state, type = anyField } = now
  const one = (old: unknown, key: () => unknown): unknown => {
    try {
      const converted = convert === undefined ? old : convert(old)
      if (steps.length === 0) return converted
      const context: MigrationContext = { key: key() }
      return applied(steps, converted, context, type, (reason) =>
        stateErrors.create('MIGRATION_RESULT', { state, uid, key: text(key()), reason }),
      )
    } catch (error) {
      throw failed(error, (reason, cause) =>
        stateErrors.create('MIGRATION_FAILED', { state, uid, key: text(key()), reason }, { cause }),
      )
    }
  }
  const content = session
    ? (old: unknown, key: () => unknown) => {
        const [end, accumulator] = old as [number, unknown]
        const made = one(accumulator, key)
        return made === undefined && steps.length > 0 ? undefined : [end, made]
      }
    : one
  const mayBeUndefined = steps.length === 0
  if (now.kind === 'map') return mapConverter(state, uid, one)
  if (now.kind === 'list') return listConverter(state, one)
  return (entry, key) => {
    const { cursor } = entry
    const { value, writtenMs } = decodeStateValue(cursor.value, state)
    const made = content(value, key)
    if (made === undefined && !mayBeUndefined) return false
    entry.set(cursor.hash, cursor.state, cursor.key, cursor.namespace, encodeStateValue(made, writtenMs))
    return true
  }
}

/** Sessions of snapshots of version 1 have numbers that are read as such: they stay as they are. */
function accumulatorConverter(
  was: readonly PlannedAggregate[],
  now: readonly PlannedAggregate[],
  session: boolean,
  state: string,
): StateConverter {
  return (entry) => {
    const { cursor } = entry
    const bytes = asBuffer(cursor.value)
    if (session && bytes[0] !== flatSession) return true
    const from = session ? flatSessionHeadBytes : 0
    const made = convertAccumulators(was, now, bytes.subarray(from), state)
    const value = Buffer.concat([bytes.subarray(0, from), made])
    entry.set(cursor.hash, cursor.state, cursor.key, cursor.namespace, value)
    return true
  }
}

/** Elements of which nothing comes are left out. */
function listConverter(state: string, one: (old: unknown, key: () => unknown) => unknown): StateConverter {
  return (entry, key) => {
    const { cursor } = entry
    const { values, times } = decodeElements(cursor.value, state)
    const made = values.map((value) => one(value, key))
    const stays = (_: unknown, i: number): boolean => made[i] !== undefined
    const left = made.filter(stays)
    if (left.length === 0) return false
    const value = encodeElements(left, times?.filter(stays))
    entry.set(cursor.hash, cursor.state, cursor.key, cursor.namespace, value)
    return true
  }
}

/** Entries of one map stand together: two that come to the same key are found. */
function mapConverter(state: string, uid: string, one: (old: unknown, key: () => unknown) => unknown): StateConverter {
  let map = ''
  let seen = new Set<string>()
  return (entry, key) => {
    const { cursor } = entry
    const { value, writtenMs } = decodeStateValue(cursor.value, state)
    const made = one({ key: keyOfBytes(cursor.namespace), value }, key) as { key: unknown; value: unknown } | undefined
    if (made === undefined) return false
    const namespace = Uint8Array.from(canonicalKey(made.key))
    const current = latin1(cursor.key)
    if (current !== map) {
      map = current
      seen = new Set()
    }
    const name = latin1(namespace)
    if (seen.has(name)) {
      const reason = `two entries of its map come to the key ${text(made.key)}`
      throw stateErrors.create('MIGRATION_RESULT', { state, uid, key: text(key()), reason })
    }
    seen.add(name)
    entry.set(cursor.hash, cursor.state, cursor.key, namespace, encodeStateValue(made.value, writtenMs))
    return true
  }
}

/** Keys from the one type to the other. The entries of a key mostly stand together, so the last one is kept. */
class KeyConverter {
  bytes: Uint8Array = new Uint8Array(0)
  hash = 0
  key: unknown
  readonly #uid: string
  readonly #convert: (old: unknown) => unknown
  readonly #range: { readonly from: number; readonly to: number }
  /** What each key was, by what it is; apart by the hash, because a Map ends at 16.7 M entries. */
  readonly #was: readonly Map<string, string>[] = Array.from({ length: 256 }, () => new Map<string, string>())
  #last: Uint8Array | undefined
  #mine = false

  constructor(
    uid: string,
    from: number | undefined,
    migration: Migration<unknown> | undefined,
    type: Field | undefined,
    range: { readonly from: number; readonly to: number },
  ) {
    this.#uid = uid
    this.#range = range
    const steps = from === undefined ? [] : (migration?.steps.slice(from) ?? [])
    this.#convert = (old) => {
      // Without a function: int32 became int64.
      if (steps.length === 0) return typeof old === 'number' ? BigInt(old) : old
      try {
        return applied(steps, old, { key: old }, type ?? anyField, (reason) =>
          stateErrors.create('MIGRATION_RESULT', { state: 'key', uid, key: text(old), reason }),
        )
      } catch (error) {
        throw failed(error, (reason, cause) =>
          stateErrors.create('MIGRATION_FAILED', { state: 'key', uid, key: text(old), reason }, { cause }),
        )
      }
    }
  }

  /** False: the key is of another subtask, or dropped. */
  read(entry: RunCursor): boolean {
    const bytes = entry.key
    if (this.#last !== undefined && Buffer.compare(bytes, this.#last) === 0) return this.#mine
    this.#last = Uint8Array.from(bytes)
    const old = keyOfBytes(this.#last)
    this.key = this.#convert(old)
    this.#mine = this.key !== undefined && this.#take(old)
    return this.#mine
  }

  #take(old: unknown): boolean {
    this.bytes = Uint8Array.from(canonicalKey(this.key))
    this.hash = hashValue(this.key) >>> 0
    const at = this.hash >>> 16
    if (at < this.#range.from || at >= this.#range.to) return false
    const was = latin1(this.#last as Uint8Array)
    const name = latin1(this.bytes)
    const known = this.#was[this.hash & 255]
    const before = known.get(name)
    if (before === undefined) known.set(name, was)
    else if (before !== was) {
      const first = text(keyOfBytes(Buffer.from(before, 'latin1')))
      throw stateErrors.create('KEYS_MEET', { uid: this.#uid, key: text(this.key), first, second: text(old) })
    }
    return true
  }
}

/** All steps, and whether what comes of them is of the type at the end. */
function applied(
  steps: Migration<unknown>['steps'],
  old: unknown,
  context: MigrationContext,
  type: Field,
  wrong: (reason: string) => Error,
): unknown {
  let value: unknown = old
  for (const step of steps) {
    value = step(value, context)
    if (value === undefined) break
  }
  const problem = value === undefined ? undefined : misfit(type, value)
  if (problem !== undefined) throw wrong(problem)
  return value
}

function failed(error: unknown, create: (reason: string, cause: unknown) => Error): unknown {
  if (stateErrors.is(error)) return error
  return create(error instanceof Error ? `${error.name}: ${error.message}` : String(error), error)
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

const textMax = 200

/** A key for people. */
function text(key: unknown): string {
  const json =
    JSON.stringify(key, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value)) ?? String(key)
  return json.length <= textMax ? json : `${json.slice(0, textMax)}…`
}
