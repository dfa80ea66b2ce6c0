/**
 * Accumulators of users' functions, for sessions: objects by a number that lies where declared aggregates have their
 * accumulators, so that they move with the session.
 */
import type { AggregateFunctions } from '../../../sdk/functions.ts'
import type { StateMemory } from '../memory.ts'
import { endOffset } from './session-table.ts'

/** Float64s from the start of an entry or node. */
const numberAt = (endOffset >>> 3) + 1

export class SessionObjects {
  readonly functions: AggregateFunctions<unknown, unknown, unknown, unknown, unknown>
  readonly #memory: StateMemory
  readonly #objects: unknown[] = []
  readonly #free: number[] = []

  constructor(memory: StateMemory, functions: AggregateFunctions<unknown, unknown, unknown, unknown, unknown>) {
    this.#memory = memory
    this.functions = functions
  }

  /** Objects that there are. */
  get count(): number {
    return this.#objects.length - this.#free.length
  }

  get(address: number): unknown {
    return this.#objects[this.#memory.f64[(address >>> 3) + numberAt]]
  }

  /** Of a session that has none yet. */
  set(address: number, accumulator: unknown): void {
    const number = this.#free.pop() ?? this.#objects.length
    this.#objects[number] = accumulator
    this.#memory.f64[(address >>> 3) + numberAt] = number
  }

  replace(address: number, accumulator: unknown): void {
    this.#objects[this.#memory.f64[(address >>> 3) + numberAt]] = accumulator
  }

  /** The session goes. */
  remove(address: number): void {
    const number = this.#memory.f64[(address >>> 3) + numberAt]
    this.#objects[number] = undefined
    this.#free.push(number)
  }
}
