/** Batches whose strings nobody has read yet: what waits for a channel holds their pools, whoever made them. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { RecordBatch } from '../../../../core/columns/batch.ts'
import { hashValue } from '../../../../core/columns/hash.ts'
import type { Schema } from '../../../../core/columns/schema.ts'
import { BatchWriters } from '../../../../core/columns/writer.ts'
import { createRouter } from '../../../../taskmanager/network/create-router.ts'
import { EdgeWriter } from '../../../../taskmanager/network/edge-writer.ts'
import { link, Recorder } from './support.ts'

const schema: Schema = {
  record: 'object',
  fields: [
    { name: 'id', type: { kind: 'float64' } },
    { name: 'text', type: { kind: 'string' } },
  ],
}
const pool = Buffer.from(Array.from({ length: 20000 }, (_, i) => String.fromCharCode(97 + ((i * 7) % 26))).join(''))
const channels = 3

interface Row {
  readonly id: number
  readonly text: string
}

/** Sizes of the batches, and keys that are as skewed as `keys` is small. */
const scripts = fc.array(
  fc.record({ rows: fc.integer({ min: 1, max: 900 }), keys: fc.integer({ min: 1, max: 40 }), flush: fc.boolean() }),
  { minLength: 1, maxLength: 12 },
)

describe.each(['local', 'ring'] as const)('an edge carried by %s', (carrier) => {
  it.each([schema, undefined])(
    'brings strings that were never read, whatever became of their pools (%#)',
    async (edge) => {
      await fc.assert(
        fc.asyncProperty(scripts, async (script) => {
          const between = await link(carrier, channels, edge, 128)
          const { arena } = between
          const router = createRouter(
            { kind: 'hash', arena, selector: { kind: 'fields', fields: ['id'], single: true }, schema: edge },
            channels,
          )
          const writer = new EdgeWriter({
            arena,
            schema: edge,
            channels: between.outputs,
            router,
            bufferTimeoutMs: 5,
            flushRows: 512,
            monotonic: () => 0,
          })
          const recorders = between.inputs.map((channel) => new Recorder([{ channel, computedKey: false }]))
          const writers = new BatchWriters({ arena, owner: arena.owner, schema })
          const sent: Row[][] = Array.from({ length: channels }, () => [])
          const drain = (): void => {
            for (const recorder of recorders) recorder.drain()
          }
          let n = 0
          for (const { rows: wanted, keys, flush } of script) {
            let batch: RecordBatch | undefined
            const into = writers.open((made) => {
              batch = made
            })
            if (into === undefined) throw new Error('no segment is free')
            const rows = Math.min(wanted, into.capacity)
            const ids = into.float64('id')
            const starts = new Int32Array(rows)
            const lengths = new Int32Array(rows)
            for (let i = 0; i < rows; i++, n++) {
              ids[i] = (n * 31) % keys
              starts[i] = (n * 13) % 19000
              lengths[i] = (n * 17) % 90
              const text = pool.toString('latin1', starts[i], starts[i] + lengths[i])
              sent[((hashValue(ids[i]) >>> 16) * channels) >>> 16].push({ id: ids[i], text })
            }
            into.slices('text', pool, starts, lengths, rows)
            into.commit(rows)
            expect(batch?.columns[1]).toMatchObject({ written: false })
            if (batch !== undefined) {
              writer.batch(batch, undefined)
              batch.release()
            }
            if (flush) {
              writer.flush()
              drain()
            }
          }
          writers.close()
          overwriteFree()
          for (let tries = 0; tries < 1000 && !writer.drained; tries++) {
            writer.flush()
            drain()
            await between.turn()
          }
          drain()
          const got = recorders.map(({ seen }) => seen.flatMap((each) => (each.kind === 'row' ? [each.row] : [])))
          expect(got).toEqual(sent)
          writer.close()
          for (const input of between.inputs) input.close()
          await between.close()
          expect(between.held()).toBe(0)

          function overwriteFree(): void {
            const free: number[] = []
            for (let s = arena.allocate(arena.owner); s >= 0; s = arena.allocate(arena.owner)) {
              arena.u8.fill(0x3f, arena.address(s), arena.address(s) + arena.segmentBytes)
              free.push(s)
            }
            for (const segment of free) arena.release(segment)
          }
        }),
        { numRuns: 12 },
      )
    },
  )
})
