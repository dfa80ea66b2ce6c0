/** What both keyed backends do alike with the states that are declared, and with their keys. One thread. */
import { assert } from '../../core/assert.ts'
import type { DataType } from '../../core/columns/schema.ts'
import type { RunEntry } from '../../proto/checkpoint/runs/run.ts'
import type { AccumulatingStore, AggregatingFunctions, StateBackendOptions, ValueStore } from './api.ts'
import type { KeyIds } from './key-ids.ts'
import { asBuffer } from './keys.ts'
import { ObjectAggregating, ObjectReducing } from './object-state.ts'
import { expiredValue, Lifetime } from './values.ts'

export abstract class DeclaredStates<K extends KeyIds> {
  protected readonly options: StateBackendOptions
  protected readonly keyIds: K
  #numbers: number
  readonly #lifetimes = new Map<number, Lifetime>()

  constructor(options: StateBackendOptions, keyIds: K) {
    this.options = options
    this.keyIds = keyIds
    this.#numbers = options.states.length
  }

  keyOf(id: number): unknown {
    return this.keyIds.valueOf(id)
  }

  hashOf(id: number): number {
    return this.keyIds.hashOf(id)
  }

  get size(): number {
    return this.keyIds.size
  }

  ids(): IterableIterator<number> {
    return this.keyIds.ids()
  }

  abstract value(name: string, type?: DataType, ttlMs?: number): ValueStore

  reducing(
    name: string,
    reduce: (a: unknown, b: unknown) => unknown,
    type?: DataType,
    ttlMs?: number,
  ): AccumulatingStore {
    return new ObjectReducing(this.value(name, type, ttlMs), reduce)
  }

  aggregating(
    name: string,
    functions: AggregatingFunctions,
    accumulator?: DataType,
    ttlMs?: number,
  ): AccumulatingStore {
    return new ObjectAggregating(this.value(name, accumulator, ttlMs), functions)
  }

  /** Of the entries of a state, by its number. */
  protected lifetime(number: number, ttlMs: number | undefined): Lifetime {
    const lifetime = new Lifetime(ttlMs, this.options.clock)
    if (lifetime.limited) this.#lifetimes.set(number, lifetime)
    return lifetime
  }

  /** Whether the time of what a run has of an entry is over. */
  protected expired(entry: RunEntry): boolean {
    const lifetime = this.#lifetimes.get(entry.state)
    return lifetime !== undefined && expiredValue(asBuffer(entry.value), lifetime)
  }

  /** Number in runs of a state that is being declared. */
  protected numberOf(name: string): number {
    assert(!this.keyIds.isOpen, 'states are declared before the backend is opened')
    const index = this.options.states.findIndex((state) => state.name === name)
    return index >= 0 ? index : this.#numbers++
  }
}
