/**
 * One pane of a window store: the aggregates of a stretch of time by key, in a key table of its own that is dropped whole.
 * Declared aggregates lie in the entries, accumulators of functions are objects by id.
 */
import type { RunEntry } from '../../../proto/checkpoint/runs/run.ts'
import type { AggregateFunctions } from '../../../sdk/functions.ts'
import { Aggregates } from '../aggregates/aggregates.ts'
import type { KeyShape, WindowAggregate } from '../api.ts'
import { entryHeaderBytes, KeyTable } from '../key-table.ts'
import type { StateMemory } from '../memory.ts'
import type { StateRows } from '../rows.ts'
import { entryKey, FlatPart, FlatStates } from '../snapshot/flat-part.ts'
import type { SnapshotPart } from '../snapshot/snapshot-part.ts'
import { Unread } from '../snapshot/unread.ts'
import { type EntryCodec, type TrackedEntry, Tracker } from '../tracker.ts'
import { decodeStateValue, encodeStateValue } from '../values.ts'
import type { PaneView } from './pane-keeper.ts'

/** What all panes of a store have in common. */
export interface PaneShape {
  readonly memory: StateMemory
  readonly rows: StateRows
  readonly type: KeyShape['type']
  /** Number and name of the state. */
  readonly state: number
  readonly name: string
  readonly aggregate: WindowAggregate
  /** Of declared aggregates, at `entryHeaderBytes` in entries; without any for functions. */
  readonly accumulators: Aggregates
  readonly tracked: boolean
}

export const presentBit = 1

type Functions = AggregateFunctions<unknown, unknown, unknown, unknown, unknown>

interface PaneEntry extends TrackedEntry {
  value: unknown
}

export class Pane implements PaneView {
  readonly start: number
  readonly table: KeyTable
  readonly part: SnapshotPart
  /** Of declared aggregates; none for functions. */
  readonly states: FlatStates
  /** By id, for functions. */
  readonly objects: PaneObjects | undefined
  /** A snapshot may hold some of it. */
  persisted = false
  /** No window needs it any more; a snapshot may still be reading it. */
  dropped = false

  constructor(shape: PaneShape, start: number, slots: number) {
    const { memory, accumulators, aggregate, type } = shape
    this.start = start
    this.table = paneTable(shape, slots, shape.tracked && aggregate.kind === 'declared')
    const namespace = paneNamespace(start)
    const restoreId = (entry: RunEntry): number => {
      shape.rows.loadCanonical(entry.hash, entry.key)
      shape.rows.find(this.table, 0, 1, true)
      return memory.i32[shape.rows.ids >>> 2]
    }
    if (aggregate.kind === 'functions') {
      this.objects = new PaneObjects(shape, aggregate.functions, this.table, namespace, restoreId)
      this.part = this.objects.tracker
      this.states = new FlatStates(this.table, type, [], namespace)
      return
    }
    const state = {
      state: shape.state,
      presence: presentBit,
      copied: { offset: entryHeaderBytes, bytes: accumulators.bytes },
      decode: (bytes: Uint8Array, start: number, end: number, address: number): boolean => {
        accumulators.decode(memory, bytes, start, end, address, shape.name)
        return true
      },
    }
    this.states = new FlatStates(this.table, type, [state], namespace)
    this.part = new FlatPart(this.table, this.states, restoreId)
  }

  /** Everything is here. */
  found(): void {}

  free(): void {
    this.table.drop()
  }
}

/** Accumulators of functions. */
export class PaneObjects implements EntryCodec<PaneEntry> {
  readonly state: number
  readonly tracker: Tracker<PaneEntry>
  readonly unread: Unread
  readonly #shape: PaneShape
  readonly #table: KeyTable
  readonly #namespace: Uint8Array
  readonly #restoreId: (entry: RunEntry) => number
  readonly #functions: Functions
  readonly #entries: PaneEntry[] = []

  constructor(
    shape: PaneShape,
    functions: Functions,
    table: KeyTable,
    namespace: Uint8Array,
    restoreId: (entry: RunEntry) => number,
  ) {
    this.#functions = functions
    this.state = shape.state
    this.#shape = shape
    this.#table = table
    this.#namespace = namespace
    this.#restoreId = restoreId
    this.tracker = new Tracker(this, shape.tracked)
    const presence = (id: number): number => (table.entry(id) >>> 2) + 3
    this.unread = new Unread(
      this.tracker,
      {
        hold: (id) => {
          shape.memory.u32[presence(id)] = presentBit
        },
        drop: () => undefined,
      },
      'one',
    )
  }

  get(id: number): unknown {
    this.unread.reading(id)
    return this.#entries[id]?.value
  }

  /** Adds a record to the accumulator of a key. Throws what the function throws. */
  add(id: number, record: unknown): void {
    this.unread.reading(id)
    const entry = this.#entries[id]
    if (entry?.present) {
      // Before the function, which may work in place.
      this.tracker.put(entry)
      entry.value = this.#functions.add(entry.value, record)
      return
    }
    // A function that throws leaves nothing behind.
    const value = this.#functions.add(this.#functions.init(), record)
    const made = this.#make(id)
    made.value = value
    this.tracker.put(made)
    this.#table.memory.u32[(this.#table.entry(id) >>> 2) + 3] = presentBit
  }

  hashOf(id: number): number {
    return this.#shape.memory.i32[(this.#table.entry(id) >>> 2) + 2]
  }

  keyOf(id: number): Uint8Array {
    return entryKey(this.#table, this.#shape.type, this.#table.entry(id))
  }

  namespace(): Uint8Array {
    return this.#namespace
  }

  value(entry: PaneEntry): Uint8Array {
    return encodeStateValue(entry.value, Number.NaN)
  }

  forget(): void {
    // Entries go with their pane.
  }

  restore(restored: RunEntry, known?: number): PaneEntry {
    const { value } = decodeStateValue(restored.value, this.#shape.name)
    const id = known ?? this.#restoreId(restored)
    this.#table.touchOne(id, presentBit)
    const entry = this.#make(id)
    entry.value = value
    return entry
  }

  #make(id: number): PaneEntry {
    const entry: PaneEntry = { id, present: false, epoch: -1, guarded: -1, value: undefined }
    // Ids of a pane are given out in order.
    while (this.#entries.length < id)
      this.#entries.push({ id: this.#entries.length, present: false, epoch: -1, guarded: -1, value: undefined })
    this.#entries[id] = entry
    return entry
  }
}

/** A table for accumulators by key. */
export function paneTable(
  { memory, accumulators, type }: Pick<PaneShape, 'memory' | 'accumulators' | 'type'>,
  slots: number,
  tracked = false,
): KeyTable {
  const table = new KeyTable(memory, {
    payloadBytes: accumulators.bytes,
    bytesKeys: type !== 'number',
    tracked,
    slots,
  })
  accumulators.init(memory, table.template)
  return table
}

/** Namespace of a pane in runs: its start as float64, little-endian. */
export function paneNamespace(start: number): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setFloat64(0, start, true)
  return bytes
}

export const paneAccumulators = (aggregate: WindowAggregate): Aggregates =>
  new Aggregates(aggregate.kind === 'declared' ? aggregate.aggregates : [], entryHeaderBytes)
