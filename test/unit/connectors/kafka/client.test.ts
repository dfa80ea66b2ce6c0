import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { codeOf, isFencing, refusal } from '../../../../connectors/kafka/client/errors.ts'
import { FrameCutter } from '../../../../connectors/kafka/client/frames.ts'
import { CommittedFilter } from '../../../../connectors/kafka/client/isolation.ts'
import { clientSettings, parseAddress, showAddress } from '../../../../connectors/kafka/client/options.ts'
import { OutgoingPartition } from '../../../../connectors/kafka/client/outgoing.ts'
import { murmur2, partitionOfKey } from '../../../../connectors/kafka/client/partitioner.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { readBatchHeader, readRecords, verifyBatch } from '../../../../proto/kafka/records/index.ts'

const require = createRequire(import.meta.url)

describe('the partition of a key', () => {
  it('is the one that Java chooses', () => {
    const other = require('kafkajs/src/producer/partitioners/default/murmur2') as (key: Buffer) => number
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 1000 }), (key, partitions) => {
        const bytes = Buffer.from(key)
        expect(murmur2(bytes)).toBe(other(bytes))
        expect(partitionOfKey(bytes, partitions)).toBe((other(bytes) & 0x7fffffff) % partitions)
      }),
    )
    // From Kafka's own tests.
    expect(murmur2(Buffer.from('21'))).toBe(-973932308)
    expect(murmur2(Buffer.from('foobar'))).toBe(-790332482)
    expect(murmur2(Buffer.from('a-little-bit-long-string'))).toBe(-985981536)
  })
})

describe('addresses of brokers', () => {
  it('are hosts with a port, or Kafka’s own port', () => {
    expect(parseAddress('kafka-1:9093')).toEqual({ host: 'kafka-1', port: 9093 })
    expect(parseAddress('10.0.0.1')).toEqual({ host: '10.0.0.1', port: 9092 })
    expect(parseAddress('[::1]:1234')).toEqual({ host: '::1', port: 1234 })
    expect(showAddress({ host: '::1', port: 1234 })).toBe('[::1]:1234')
  })

  it.each(['', 'a:b', 'a:0', 'a:70000', 'a b:1', '::1:92', 'kafka://a:1'])('are not %j', (text) => {
    expect(parseAddress(text)).toBeUndefined()
    expect(() => clientSettings({ brokers: [text] })).toThrow('expected host:port')
  })
})

describe('frames', () => {
  it('come out whole however they arrive', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1 }),
        (frames, cuts) => {
          const stream = Buffer.concat(
            frames.flatMap((frame) => {
              const size = Buffer.alloc(4)
              size.writeInt32BE(frame.length)
              return [size, Buffer.from(frame)]
            }),
          )
          const cutter = new FrameCutter(50)
          const got: Buffer[] = []
          for (let at = 0, index = 0; at < stream.length; index++) {
            const end = Math.min(stream.length, at + cuts[index % cuts.length])
            cutter.push(stream.subarray(at, end), (frame) => got.push(frame))
            at = end
          }
          expect(got.filter((frame) => frame.length > 0)).toEqual(
            frames.filter((frame) => frame.length > 0).map((frame) => Buffer.from(frame)),
          )
        },
      ),
    )
  })

  it('beyond the limit are refused before they are stored', () => {
    const cutter = new FrameCutter(50)
    expect(() => cutter.push(Buffer.from([0x48, 0x54, 0x54, 0x50]), () => undefined)).toThrow('no frame at all')
  })
})

describe('a reader of committed records', () => {
  const batch = (producerId: number, lastOffset: number, kind: 'data' | 'marker' | 'plain') =>
    ({
      producerId,
      lastOffset,
      isControl: kind === 'marker',
      isTransactional: kind !== 'plain',
    }) as Parameters<CommittedFilter['accepts']>[0]

  it('sees no records of aborted transactions, and those of the same producer after the marker', () => {
    const filter = new CommittedFilter()
    filter.begin([{ producerId: 1, firstOffset: 10 }])
    expect(filter.accepts(batch(1, 5, 'data'), false)).toBe(true)
    expect(filter.accepts(batch(1, 12, 'data'), false)).toBe(false)
    expect(filter.accepts(batch(2, 14, 'data'), false)).toBe(true)
    expect(filter.accepts(batch(-1, 15, 'plain'), false)).toBe(true)
    expect(filter.accepts(batch(1, 16, 'data'), false)).toBe(false)
    expect(filter.accepts(batch(1, 17, 'marker'), true)).toBe(false)
    expect(filter.accepts(batch(1, 20, 'data'), false)).toBe(true)
  })

  it('remembers an aborted transaction from one fetch to the next', () => {
    const filter = new CommittedFilter()
    filter.begin([{ producerId: 1, firstOffset: 10 }])
    expect(filter.accepts(batch(1, 12, 'data'), false)).toBe(false)
    filter.begin(null)
    expect(filter.accepts(batch(1, 13, 'data'), false)).toBe(false)
    filter.reset()
    expect(filter.accepts(batch(1, 14, 'data'), false)).toBe(true)
  })
})

describe('what a producer has for a partition', () => {
  const identity = { transactionalId: null, producerId: 7, producerEpoch: 2 }
  const value = Buffer.alloc(100)

  it('leaves in the order of the calls, with sequence numbers that follow each other', () => {
    const outgoing = new OutgoingPartition('t', 0, 1000, 'none', false)
    const closed = Array.from({ length: 30 }, (_, index) => outgoing.append(index, null, value, undefined, identity))
    expect(closed.filter(Boolean).length).toBeGreaterThan(2)
    const timestamps: number[] = []
    let next = 0
    while (outgoing.hasMore) {
      const { bytes } = outgoing.send(identity, 0)
      expect(verifyBatch(bytes)).toBeUndefined()
      expect(bytes.length).toBeLessThanOrEqual(1000)
      const header = readBatchHeader(bytes)
      expect(header).toMatchObject({ producerId: 7, producerEpoch: 2, baseSequence: next })
      next += header.recordCount
      timestamps.push(...readRecords(bytes, header).map((record) => record.timestamp))
    }
    expect(timestamps).toEqual(Array.from({ length: 30 }, (_, index) => index))
  })

  it('is sent again with the same bytes and before what came later', () => {
    const outgoing = new OutgoingPartition('t', 0, 1000, 'none', false)
    outgoing.append(1, null, value, undefined, identity)
    const first = outgoing.send(identity, 5)
    outgoing.append(2, null, value, undefined, identity)
    outgoing.putBack(first)
    const again = outgoing.send(identity, 9)
    expect(again.bytes).toBe(first.bytes)
    expect(again).toMatchObject({ attempts: 2, firstSentMs: 5 })
    expect(readBatchHeader(outgoing.send(identity, 9).bytes).baseSequence).toBe(1)
  })

  it('takes a record that is larger than a batch alone', () => {
    const outgoing = new OutgoingPartition('t', 0, 1000, 'none', false)
    outgoing.append(1, null, value, undefined, identity)
    expect(outgoing.append(2, null, Buffer.alloc(5000), undefined, identity)).toBe(true)
    expect(outgoing.append(3, null, value, undefined, identity)).toBe(true)
    const counts = [1, 2, 3].map(() => readBatchHeader(outgoing.send(identity, 0).bytes).recordCount)
    expect(counts).toEqual([1, 1, 1])
  })
})

describe('codes of brokers', () => {
  it('are errors that say whether another attempt helps', () => {
    const later = refusal(kafkaError.NOT_COORDINATOR, 'group g')
    expect(later).toMatchObject({ code: 'KAFKA_NOT_NOW', retry: 'backoff' })
    expect(codeOf(later)).toBe(kafkaError.NOT_COORDINATOR)
    const never = refusal(kafkaError.INVALID_CONFIG, 'topic t', 'retention.ms is a number')
    expect(never).toMatchObject({
      code: 'KAFKA_REFUSED',
      message: 'topic t: retention.ms is a number (INVALID_CONFIG)',
    })
    expect(
      [kafkaError.PRODUCER_FENCED, kafkaError.INVALID_PRODUCER_EPOCH, kafkaError.NOT_COORDINATOR].map(isFencing),
    ).toEqual([true, true, false])
  })
})
