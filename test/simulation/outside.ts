/**
 * The system outside that sinks write to: transactions that were prepared are committed by name, once however often they are
 * asked for. It judges: the records of a key are committed in order, each once, none left out.
 */
import type { World } from './world.ts'

/** What one subtask prepared for one checkpoint. */
export interface Prepared {
  readonly id: string
  /** By key, numbers `from` to `to` - 1. */
  readonly keys: readonly { readonly key: string; readonly from: number; readonly to: number }[]
}

export class Outside {
  failing = 0
  /** By key: the number that comes next. */
  readonly next = new Map<string, number>()
  readonly #committed = new Set<string>()
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  /** For the process at work. Rejects when it may or may not have taken effect. */
  commit(prepared: Prepared): Promise<void> {
    const world = this.#world
    const caller = world.current
    return new Promise((resolve, reject) => {
      world.at(world.delay(1, 30), undefined, () => {
        const failed = world.chance(this.failing)
        if (!failed || world.chance(0.5)) this.#take(prepared)
        world.at(world.delay(1, 30), caller, () => (failed ? reject(new Error('the commit failed')) : resolve()))
      })
    })
  }

  #take({ id, keys }: Prepared): void {
    if (this.#committed.has(id)) return
    this.#committed.add(id)
    for (const { key, from, to } of keys) {
      const expected = this.next.get(key) ?? 0
      if (from < expected) this.#world.violated(`${key}: ${from} to ${expected - 1} committed twice (${id})`)
      if (from > expected) this.#world.violated(`${key}: ${expected} to ${from - 1} lost (${id})`)
      this.next.set(key, to)
    }
  }
}
