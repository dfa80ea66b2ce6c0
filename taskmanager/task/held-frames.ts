/**
 * Frames of a channel outside of the arena: what a barrier has overtaken and still has to be processed here, and what a
 * checkpoint had in flight. Batches stand as the bytes in which they travel, so that the same bytes go into a snapshot.
 *
 * Concurrency: one thread. A held batch needs a segment when it is taken; who finds none tries again.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { noAccount } from '../../core/arena/reserves.ts'
import { assert } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { encodeRows } from '../../core/columns/encode.ts'
import { contiguous, gather } from '../../core/columns/gather.ts'
import { batchBytes } from '../../core/columns/layout.ts'
import { openBatch } from '../../core/columns/open.ts'
import type { Schema } from '../../core/columns/schema.ts'
import { wireSchema, withKeys } from '../network/computed-key.ts'
import { unloadRows } from '../network/edge-writer.ts'
import { PendingRows } from '../network/pending-rows.ts'
import type { RowBatch, Selection } from '../operators/operator.ts'

/** A batch: the bodies that are known, and rows that still have to become bytes. */
export interface HeldBatch {
  readonly kind: 'batch'
  /** Each the whole content of a segment. */
  readonly bodies: Uint8Array[]
  /** Not encoded yet: there was no segment to do it in. */
  rows: RowBatch | undefined
  /** Rows before it are encoded. */
  encoded: number
  /** Bodies before it have been taken. */
  taken: number
}
export type HeldControl =
  | { readonly kind: 'watermark'; readonly timestampMs: number }
  | { readonly kind: 'idle'; readonly idle: boolean }
  | { readonly kind: 'barrier'; readonly checkpointId: number }
  | { readonly kind: 'end'; readonly mode: number; readonly checkpointId: number }
export type HeldFrame = HeldBatch | HeldControl

export const heldBatch = (bodies: Uint8Array[]): HeldBatch => ({
  kind: 'batch',
  bodies,
  rows: undefined,
  encoded: 0,
  taken: 0,
})

export const heldBytes = (frame: HeldFrame): number =>
  frame.kind === 'batch' ? frame.bodies.reduce((sum, { length }) => sum + length, 0) : 0

/** How batches of one edge become bytes and come back. */
export class FrameHolder {
  readonly arena: Arena
  /** As batches of the edge travel. */
  readonly schema: Schema | undefined
  /** For whom segments are taken (core/arena/reserves.ts). */
  readonly account: number
  readonly #computedKeys: boolean

  constructor(arena: Arena, schema: Schema | undefined, computedKeys: boolean, account: number = noAccount) {
    this.arena = arena
    this.account = account
    this.schema = schema && wireSchema(schema)
    this.#computedKeys = computedKeys
  }

  /** Copies what is selected of a batch. The batch stays the caller's. */
  holdBatch(batch: RecordBatch, selection: Selection | undefined): HeldBatch {
    const describe = batch.schema !== this.schema
    if (selection === undefined && contiguous(batch, describe)) return heldBatch([batchBytes(batch).slice()])
    const held = heldBatch([])
    const { arena } = this
    const count = selection?.count ?? batch.rowCount
    let rows = selection?.rows
    for (let at = 0; at < count; ) {
      const left = count - at
      const out = this.#asInput(() =>
        gather(arena, arena.owner, [{ batch, selection: rows, count: left }], batch.schema, describe),
      )
      if (out === undefined) {
        const pending = new PendingRows()
        unloadRows(batch, rows, left, pending)
        held.rows = pending
        return held
      }
      held.bodies.push(batchBytes(out.batch).slice())
      out.batch.release()
      at += out.consumed
      rows = rows === undefined ? rangeOf(out.consumed, count) : rows.subarray(out.consumed)
    }
    return held
  }

  /** Plain records; the arrays go over. */
  holdRows(rows: RowBatch): HeldBatch {
    const held = heldBatch([])
    held.rows = rows
    this.encode(held)
    return held
  }

  /** Makes bytes of rows that wait for it. False: there is no segment to do it in. */
  encode(held: HeldBatch): boolean {
    const { rows } = held
    if (rows === undefined) return true
    const { arena } = this
    const encodable = this.#computedKeys && rows.keys !== undefined ? withKeys(rows.rows, rows.keys) : rows.rows
    while (held.encoded < rows.count) {
      const { encoded: from } = held
      const out = this.#asInput(() =>
        encodeRows(arena, arena.owner, this.schema, encodable, from, rows.count, rows.timestamps, rows.hashes),
      )
      if (out === undefined) return false
      held.bodies.push(batchBytes(out.batch).slice())
      out.batch.release()
      held.encoded += out.consumed
    }
    held.rows = undefined
    return true
  }

  /** What is sent has segments of its own. */
  #asInput<T>(work: () => T): T {
    const { arena } = this
    const { account } = arena
    arena.account = this.account
    try {
      return work()
    } finally {
      arena.account = account
    }
  }

  /** The next body as a batch of the caller's own; undefined: no segment is free. `allocate` finds one. */
  open(held: HeldBatch, allocate: (bytes: number) => number): RecordBatch | undefined {
    if (!this.encode(held)) return undefined
    const body = held.bodies[held.taken]
    assert(body !== undefined, 'a held batch is gone when all of it is taken')
    const segment = allocate(body.length)
    if (segment < 0) return undefined
    const { arena } = this
    arena.u8.set(body, arena.address(segment))
    try {
      const batch = openBatch(arena, segment, this.schema, arena.owner)
      held.taken++
      return batch
    } catch (error) {
      arena.release(segment)
      throw error
    }
  }
}

/** Rows `from` to `to` - 1. */
export function rangeOf(from: number, to: number): Int32Array {
  const rows = new Int32Array(to - from)
  for (let i = from; i < to; i++) rows[i - from] = i
  return rows
}
