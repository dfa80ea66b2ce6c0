/** Lists of a snapshot for whoever reads it: their chunks stand side by side in runs, and are one entry here. One thread. */
import type { RunCursor } from '../../../proto/checkpoint/runs/run.ts'
import { asBuffer, keyOfBytes } from '../keys.ts'
import { decodeElements } from '../list-chunks.ts'
import type { StateEntry } from './read-snapshot.ts'

export class ListEntry {
  #entry: Omit<StateEntry, 'value'> | undefined
  #place = ''
  #values: unknown[] = []
  #written = Number.NaN

  continues(entry: RunCursor): boolean {
    return this.#entry !== undefined && this.#place === placeOf(entry)
  }

  begin(entry: RunCursor, uid: string, state: string): void {
    this.#entry = { uid, state, key: keyOfBytes(entry.key) }
    this.#place = placeOf(entry)
    this.#values = []
    this.#written = Number.NaN
  }

  add({ value }: RunCursor): void {
    const { values, times } = decodeElements(value, this.#entry?.state ?? '')
    for (const each of values) this.#values.push(each)
    this.#written = times?.at(-1) ?? Number.NaN
  }

  *take(): Generator<StateEntry, void, void> {
    const entry = this.#entry
    this.#entry = undefined
    if (entry === undefined) return
    const written = Number.isNaN(this.#written) ? {} : { written: this.#written }
    yield { ...entry, value: this.#values, ...written }
  }
}

const placeOf = ({ state, key }: RunCursor): string => `${state} ${asBuffer(key).toString('latin1')}`
