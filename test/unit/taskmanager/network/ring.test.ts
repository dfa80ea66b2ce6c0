import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FrameKind, frameKind } from '../../../../taskmanager/network/frame.ts'
import {
  createRing,
  defaultRingCapacity,
  RingConsumer,
  RingProducer,
  ringBytes,
} from '../../../../taskmanager/network/ring.ts'

const drain = (consumer: RingConsumer): [number, number, number][] => {
  const frames: [number, number, number][] = []
  while (consumer.peek()) {
    frames.push([consumer.kind, consumer.detail, consumer.value])
    consumer.pop()
  }
  return frames
}

describe('a ring', () => {
  it('gives frames in the order and with the content they were put', () => {
    const command = fc.oneof(
      fc.record({ kind: fc.constant('batch' as const), segment: fc.nat(1000) }),
      fc.record({
        kind: fc.constant('control' as const),
        frame: fc.constantFrom<FrameKind>(2, 3, 4, 5),
        value: fc.double(),
      }),
      fc.record({ kind: fc.constant('take' as const), frames: fc.nat(12) }),
    )
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(command, { maxLength: 300 }), (capacity, commands) => {
        const ring = createRing(capacity)
        const producer = new RingProducer(ring)
        const consumer = new RingConsumer(ring)
        const model: [number, number, number][] = []
        for (const each of commands) {
          if (each.kind === 'batch') {
            const waiting = model.filter(([kind]) => kind === frameKind.batch).length
            expect(producer.room()).toBe(capacity - waiting)
            if (producer.pushBatch(each.segment)) model.push([frameKind.batch, each.segment, 0])
            else expect(waiting).toBe(capacity)
          } else if (each.kind === 'control') {
            if (producer.pushControl(each.frame, 7, each.value)) model.push([each.frame, 7, each.value])
          } else {
            for (let i = 0; i < each.frames && consumer.peek(); i++) {
              expect([consumer.kind, consumer.detail, consumer.value]).toEqual(model.shift())
              consumer.pop()
            }
          }
        }
        expect(drain(consumer)).toEqual(model)
      }),
    )
  })

  it('has room for a barrier and an end behind as many batches and watermarks as it takes', () => {
    const ring = createRing()
    const producer = new RingProducer(ring)
    for (let i = 0; producer.pushControl(frameKind.watermark, 0, i); i++);
    for (let i = 0; i < defaultRingCapacity; i++) expect(producer.pushBatch(i)).toBe(true)
    expect(producer.pushBatch(99)).toBe(false)
    expect(producer.pushControl(frameKind.watermark, 0, 1)).toBe(false)
    expect(producer.pushControl(frameKind.barrier, 0, 5)).toBe(true)
    expect(producer.pushControl(frameKind.end, 0, 0)).toBe(true)
    const kinds = drain(new RingConsumer(ring)).map(([kind]) => kind)
    expect(kinds.slice(-2)).toEqual([frameKind.barrier, frameKind.end])
  })

  it('asks to be woken only when the producer has found it full', () => {
    const ring = createRing(2)
    const producer = new RingProducer(ring)
    const consumer = new RingConsumer(ring)
    producer.pushBatch(1)
    expect(consumer.peek() && consumer.pop()).toBe(false)
    producer.pushBatch(2)
    producer.pushBatch(3)
    expect(producer.room()).toBe(0)
    expect(consumer.peek() && consumer.pop()).toBe(true)
    expect(consumer.peek() && consumer.pop()).toBe(false)
  })

  it('wakes the producer once, when half of it is free', () => {
    const ring = createRing(8)
    const producer = new RingProducer(ring)
    const consumer = new RingConsumer(ring)
    for (let segment = 1; segment <= 8; segment++) producer.pushBatch(segment)
    expect(producer.room()).toBe(0)
    const woken = Array.from({ length: 8 }, () => consumer.peek() && consumer.pop())
    expect(woken).toEqual([false, false, false, true, false, false, false, false])
  })

  it('goes on when its counters overflow', () => {
    const ring = createRing(3)
    new Int32Array(ring)[16] = 0x7fff_fffe
    new Int32Array(ring)[32] = 0x7fff_fffe
    const producer = new RingProducer(ring)
    const consumer = new RingConsumer(ring)
    for (let i = 0; i < 100; i++) {
      expect(producer.pushBatch(i)).toBe(true)
      expect(producer.pushControl(frameKind.watermark, 0, i)).toBe(true)
      expect(drain(consumer)).toEqual([
        [frameKind.batch, i, 0],
        [frameKind.watermark, 0, i],
      ])
    }
  })

  it('says how many bytes it needs', () => {
    expect(createRing(8).byteLength).toBe(ringBytes(8))
  })
})
