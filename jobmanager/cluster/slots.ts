/**
 * The slots of all TaskManagers that are connected, and who has them. A slot is free when its thread is up and nothing of
 * any attempt is left in it. Plain bookkeeping: no I/O, one thread.
 */
import type { SlotStatus } from '../../proto/generated/shapes.ts'
import type { FreeSlot, Placement } from './assign.ts'

export interface SlotHolder {
  readonly jobId: string
  readonly attempt: number
}

interface Slot extends FreeSlot {
  holder: SlotHolder | undefined
}

export class SlotTable {
  readonly #slots = new Map<string, Map<number, Slot>>()
  /** TaskManagers that are about to end: nothing is put there any more. */
  readonly #leaving = new Set<string>()

  /** Takes over what a TaskManager says of its slots. */
  add(taskManagerId: string, host: string, slots: readonly SlotStatus[]): void {
    const own = new Map<number, Slot>()
    for (const { slot, port, jobId, attempt } of slots) {
      own.set(slot, { taskManagerId, slot, host, port, holder: jobId === '' ? undefined : { jobId, attempt } })
    }
    this.#slots.set(taskManagerId, own)
    this.#leaving.delete(taskManagerId)
  }

  remove(taskManagerId: string): void {
    this.#slots.delete(taskManagerId)
    this.#leaving.delete(taskManagerId)
  }

  /** Its slots are free for nobody from now on. */
  leave(taskManagerId: string): void {
    this.#leaving.add(taskManagerId)
  }

  isLeaving(taskManagerId: string): boolean {
    return this.#leaving.has(taskManagerId)
  }

  /** How many slots a job has or could take: those that are free and its own, without those that go. */
  within(jobId: string): number {
    let count = this.free().length
    for (const [id, slots] of this.#slots) {
      if (this.#leaving.has(id)) continue
      for (const { holder } of slots.values()) if (holder?.jobId === jobId) count++
    }
    return count
  }

  /** In the order of ids and slots. */
  free(): FreeSlot[] {
    const free: FreeSlot[] = []
    for (const id of [...this.#slots.keys()].sort()) {
      if (this.#leaving.has(id)) continue
      for (const slot of this.#slots.get(id)?.values() ?? []) {
        if (slot.holder === undefined && slot.port !== 0) free.push(slot)
      }
    }
    return free
  }

  /** Slots that are taken, by TaskManager. */
  inUse(): Map<string, number> {
    const counts = new Map<string, number>()
    for (const [id, slots] of this.#slots) {
      for (const slot of slots.values()) if (slot.holder !== undefined) counts.set(id, (counts.get(id) ?? 0) + 1)
    }
    return counts
  }

  total(taskManagerId?: string): number {
    if (taskManagerId !== undefined) return this.#slots.get(taskManagerId)?.size ?? 0
    let total = 0
    for (const slots of this.#slots.values()) total += slots.size
    return total
  }

  take(placement: Placement, holder: SlotHolder): void {
    for (const { taskManagerId, slot } of placement.slots) {
      const found = this.#slots.get(taskManagerId)?.get(slot)
      if (found !== undefined) found.holder = holder
    }
  }

  /** False when the slot was not held by that attempt. */
  release(taskManagerId: string, slot: number, jobId: string, attempt: number): boolean {
    const found = this.#slots.get(taskManagerId)?.get(slot)
    if (found?.holder?.jobId !== jobId || found.holder.attempt !== attempt) return false
    found.holder = undefined
    return true
  }

  /** A new thread took the slot: whoever had it is gone. Gives the holder that was. */
  replace(taskManagerId: string, slot: number, port: number): SlotHolder | undefined {
    const own = this.#slots.get(taskManagerId)
    const found = own?.get(slot)
    if (own === undefined || found === undefined) return undefined
    own.set(slot, { ...found, port, holder: undefined })
    return found.holder
  }

  /** Attempts that hold something of a TaskManager, with the slots. */
  holders(taskManagerId: string): { readonly slot: number; readonly holder: SlotHolder }[] {
    const slots = [...(this.#slots.get(taskManagerId)?.values() ?? [])]
    return slots.flatMap(({ slot, holder }) => (holder === undefined ? [] : [{ slot, holder }]))
  }
}
