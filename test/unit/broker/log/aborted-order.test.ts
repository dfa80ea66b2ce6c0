import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PartitionLog } from '../../../../broker/log/partition-log.ts'
import { CommittedFilter } from '../../../../connectors/kafka/client/isolation.ts'
import { batchSizeAt, readBatchHeader, readRecords } from '../../../../proto/kafka/records/index.ts'
import { append, openLog, readAll, settle } from '../../../support/broker-log.ts'

interface KafkaJsMessage {
  readonly offset: string
  readonly key: Buffer | null
  readonly value: string
  readonly isControlRecord: boolean
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean }
}

/** What kafkajs leaves out, as it is published: it takes up one aborted transaction with each record. */
const kafkaJsFilter = createRequire(import.meta.url)('kafkajs/src/consumer/filterAbortedMessages.js') as (given: {
  messages: KafkaJsMessage[]
  abortedTransactions: { producerId: string; firstOffset: string }[]
}) => KafkaJsMessage[]

type Step = { readonly producerId: number; readonly do: 'write' | 'abort' | 'commit'; readonly records: number }

/** Records of committed transactions, told by the steps alone. Those that are open at the end are aborted. */
async function play(steps: readonly Step[]): Promise<{ log: PartitionLog; visible: string[] }> {
  const { log, clock } = await openLog()
  const open = new Map<number, string[]>()
  const sequences = new Map<number, number>()
  const visible = new Set<string>()
  const end = (producerId: number, outcome: 'commit' | 'abort'): void => {
    const values = open.get(producerId)
    if (values === undefined) return
    log.writeMarker(producerId, 0, 0, outcome)
    if (outcome === 'commit') for (const value of values) visible.add(value)
    open.delete(producerId)
  }
  for (const { producerId, do: what, records } of steps) {
    if (what !== 'write') {
      end(producerId, what)
      continue
    }
    const sequence = sequences.get(producerId) ?? 0
    sequences.set(producerId, sequence + records)
    const values = Array.from({ length: records }, (_, i) => `${producerId}:${sequence + i}`)
    append(log, { values, producerId, sequence, transactional: true })
    open.set(producerId, [...(open.get(producerId) ?? []), ...values])
  }
  for (const producerId of [...open.keys()]) end(producerId, 'abort')
  await settle(clock)
  const all = (await readAll(log)).filter((each) => !each.control)
  return { log, visible: all.map((each) => String(each.value)).filter((value) => visible.has(value)) }
}

const committed = { isolation: 'read-committed', atLeastOne: true } as const

/** Reads from `from` on in pieces, each looked at as the two kinds of clients do. */
async function readBy(client: 'kafkajs' | 'sorting', log: PartitionLog, from: number, maxBytes: number) {
  const seen: string[] = []
  let offset = from
  while (offset < log.logEndOffset) {
    const read = await log.read(offset, maxBytes, committed)
    if (read.kind !== 'data') throw new Error(read.kind)
    const filter = new CommittedFilter()
    filter.begin(read.aborted ?? [])
    const messages: KafkaJsMessage[] = []
    for (const bytes of read.buffers) {
      for (let at = 0; at < bytes.length; at += batchSizeAt(bytes, at)) {
        const batch = bytes.subarray(at, at + batchSizeAt(bytes, at))
        const header = readBatchHeader(batch)
        const records = [...readRecords(batch, header)].filter((each) => each.offset >= offset)
        const isAbort = header.isControl && records[0]?.key?.[3] === 0
        const accepted = filter.accepts(header, isAbort)
        for (const record of records) {
          if (client === 'sorting') {
            if (accepted) seen.push(String(record.value))
            continue
          }
          messages.push({
            offset: String(record.offset),
            key: record.key === null ? null : Buffer.from(record.key),
            value: String(record.value),
            isControlRecord: header.isControl,
            batchContext: { producerId: String(header.producerId), inTransaction: header.isTransactional },
          })
        }
      }
    }
    const abortedTransactions = (read.aborted ?? []).map((each) => ({
      producerId: String(each.producerId),
      firstOffset: String(each.firstOffset),
    }))
    for (const each of kafkaJsFilter({ messages, abortedTransactions })) {
      if (!each.isControlRecord) seen.push(each.value)
    }
    offset = read.nextOffset
  }
  return seen
}

const write = (producerId: number, records = 1): Step => ({ producerId, do: 'write', records })
const abort = (producerId: number): Step => ({ producerId, do: 'abort', records: 0 })
const commit = (producerId: number): Step => ({ producerId, do: 'commit', records: 0 })

describe('aborted transactions that began below what is read', () => {
  test('show no record to a client that takes one of the list with each record', async () => {
    const { log } = await play([write(1), write(2), write(3), write(3, 4), abort(1), abort(2), abort(3)])
    expect(await readBy('kafkajs', log, 3, 1e6)).toEqual([])
  })

  test('hide nothing that their producers commit later', async () => {
    const steps = [write(1), write(2), write(3), abort(3), write(3), write(3), write(3), commit(3), abort(1), abort(2)]
    const { log } = await play(steps)
    expect(await readBy('kafkajs', log, 3, 1e6)).toEqual(['3:1', '3:2', '3:3'])
  })

  test('are listed as their batches come, and last without any', async () => {
    const { log } = await play([write(1), write(2), write(3), write(3), write(2), abort(2), abort(3), abort(1)])
    const read = await log.read(3, 1, committed)
    expect(read).toMatchObject({ aborted: [{ producerId: 3 }, { producerId: 1 }, { producerId: 2 }] })
    const more = await log.read(3, 1e6, committed)
    expect(more).toMatchObject({ aborted: [{ producerId: 3 }, { producerId: 2 }, { producerId: 1 }] })
  })
})

test('every client sees what was committed and nothing else, from any offset, in pieces of any size', async () => {
  const step = fc.record({
    producerId: fc.integer({ min: 1, max: 5 }),
    do: fc.constantFrom('write', 'write', 'write', 'abort', 'commit'),
    records: fc.integer({ min: 1, max: 3 }),
  }) as fc.Arbitrary<Step>
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 60 }),
      fc.nat(),
      fc.integer({ min: 1, max: 2000 }),
      async (steps, place, maxBytes) => {
        const { log, visible } = await play(steps)
        const from = place % (log.logEndOffset + 1)
        const below = new Set((await readAll(log)).filter((each) => each.offset < from).map((each) => each.value))
        const expected = visible.filter((value) => !below.has(value))
        expect(await readBy('sorting', log, from, maxBytes)).toEqual(expected)
        expect(await readBy('kafkajs', log, from, maxBytes)).toEqual(expected)
      },
    ),
    { numRuns: 200 },
  )
})
