/**
 * Up to which time windows have fired. All keys of a subtask have one time, its watermark, but for those that it took over from
 * a subtask that was further at the checkpoint: these are ahead until the watermark comes to where they stood.
 *
 * In operator state: `{ <name>: time, from, to }` for ranges of keys; the latest counts where several hold a key. Versions before
 * left the ranges out: then it is one per subtask, in their order.
 */
import { intersect, type KeyRanges, rangesOf } from '../../proto/checkpoint/ranges.ts'
import type { OperatorContext } from './operator.ts'

interface Ahead extends KeyRanges {
  readonly timeMs: number
}

type TimeState = Partial<KeyRanges> & Readonly<Record<string, number | null | undefined>>

/** Rows of a batch whose keys have the same time. */
export interface RowsOfOneTime {
  readonly timeMs: number
  /** Ascending. */
  readonly rows: Int32Array
}

export class FiredTimes {
  /** Of all keys that are not ahead: the watermark. */
  timeMs: number
  #ahead: readonly Ahead[]
  readonly #own: KeyRanges
  readonly #name: string

  /** `name`: what the time is called in operator state. */
  constructor({ restored, subtask, parallelism }: OperatorContext, name: string) {
    this.#name = name
    this.#own = rangesOf(subtask, parallelism)
    const states = (restored?.operatorState ?? []) as readonly TimeState[]
    // Migrated keys come from anywhere; all subtasks stand at one time then.
    const own = restored?.rekey === undefined ? this.#own : undefined
    const times = states.flatMap((state, at) => timesOf(state, name, rangesOf(at, states.length), own))
    this.timeMs = times.length === 0 ? Number.NEGATIVE_INFINITY : Math.min(...times.map(({ timeMs }) => timeMs))
    this.#ahead = own === undefined ? [] : times
    this.settle()
  }

  /** No key is ahead of the watermark. */
  get even(): boolean {
    return this.#ahead.length === 0
  }

  /** The watermark is here now. Keys that were ahead of the one before are so until `settle`. */
  reach(timeMs: number): void {
    if (timeMs > this.timeMs) this.timeMs = timeMs
  }

  settle(): void {
    if (!this.even) this.#ahead = this.#ahead.filter(({ timeMs }) => timeMs > this.timeMs)
  }

  /** Windows of keys with this hash have fired up to here. */
  of(hash: number): number {
    return Math.max(this.timeMs, this.#aheadOf(hash))
  }

  /** The rows of a batch by the time of their keys. */
  split(hashes: Int32Array): readonly RowsOfOneTime[] {
    const byTime = new Map<number, number[]>()
    for (let row = 0; row < hashes.length; row++) {
      const timeMs = this.of(hashes[row])
      const rows = byTime.get(timeMs)
      if (rows === undefined) byTime.set(timeMs, [row])
      else rows.push(row)
    }
    return Array.from(byTime, ([timeMs, rows]) => ({ timeMs, rows: Int32Array.from(rows) }))
  }

  /** The rows whose windows with this end have not fired because their keys were ahead. */
  notAhead(hashes: Int32Array, endMs: number): Int32Array {
    const rows: number[] = []
    for (let row = 0; row < hashes.length; row++) if (this.#aheadOf(hashes[row]) < endMs - 1) rows.push(row)
    return Int32Array.from(rows)
  }

  /** Operator state, for a snapshot. */
  state(): readonly unknown[] {
    // After the end of time nothing is kept that could fire again, and who goes on from here has a time of its own.
    if (this.timeMs === Number.POSITIVE_INFINITY) return []
    const state = ({ from, to }: KeyRanges, timeMs: number): unknown => ({
      [this.#name]: Number.isFinite(timeMs) ? timeMs : null,
      from,
      to,
    })
    return [state(this.#own, this.timeMs), ...this.#ahead.map((each) => state(each, each.timeMs))]
  }

  #aheadOf(hash: number): number {
    const range = hash >>> 16
    let timeMs = Number.NEGATIVE_INFINITY
    for (const each of this.#ahead) if (range >= each.from && range < each.to) timeMs = Math.max(timeMs, each.timeMs)
    return timeMs
  }
}

/** What a state says of the ranges in `own`; undefined: of all. A subtask whose time had ended says nothing: it has nothing left. */
function timesOf(
  state: TimeState,
  name: string,
  { from = 0, to = 0 }: KeyRanges,
  own: KeyRanges | undefined,
): readonly Ahead[] {
  const time = state[name]
  if (time === undefined) return []
  const of = { from: state.from ?? from, to: state.to ?? to }
  const ranges = own === undefined ? of : intersect(of, own)
  return ranges === undefined ? [] : [{ ...ranges, timeMs: time ?? Number.NEGATIVE_INFINITY }]
}
