import { describe, expect, it } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { frameKind } from '../../../../taskmanager/network/frame.ts'
import { LocalChannel } from '../../../../taskmanager/network/local.ts'
import type { Recording } from '../../../../taskmanager/task/gate-lane.ts'
import { FrameHolder, heldBatch } from '../../../../taskmanager/task/held-frames.ts'
import {
  type GateOptions,
  type GateReceiver,
  InputGate,
  type RestoredLane,
} from '../../../../taskmanager/task/input-gate.ts'

function setUp(count: number, options: GateOptions | ((holder: FrameHolder) => GateOptions) = {}) {
  const arena = Arena.create({ bytes: 1 << 20, segmentBytes: 64 * 1024, largeSegments: 0 })
  const seen: string[] = []
  const clock = { now: 0, perRow: 0 }
  const holder = new FrameHolder(arena, undefined, false)
  const channels = Array.from({ length: count }, () => new LocalChannel(arena, undefined, 64))
  const gate = new InputGate(
    channels.map((channel, at) => ({
      channel,
      input: at,
      name: `producer ${at}`,
      computedKey: false,
      place: { edge: at, from: 0, producers: 1, generation: 1, parts: [], holder },
    })),
    () => clock.now,
    typeof options === 'function' ? options(holder) : options,
  )
  const note = (rows: readonly number[], input: number): void => {
    clock.now += rows.length * clock.perRow
    seen.push(`${input}: ${rows.length > 4 ? `${rows.length} rows` : rows.join(' ')}`)
  }
  const receiver: GateReceiver = {
    batch: (batch, selection, input) => {
      const values = Array.from(batch.float64(''))
      note(
        selection === undefined
          ? values
          : Array.from(selection.rows.subarray(0, selection.count), (i) => values[i] ?? Number.NaN),
        input,
      )
    },
    rows: (rows, input) => note(rows.rows.slice(0, rows.count) as number[], input),
    watermark: (value) => void seen.push(`watermark ${value}`),
    idle: (idle) => void seen.push(idle ? 'idle' : 'active'),
    ended: () => void seen.push('ended'),
  }
  return {
    gate,
    seen,
    clock,
    arena,
    holder,
    rows: (at: number, ...values: number[]) =>
      channels[at]?.sendRows({ rows: values, count: values.length, timestamps: undefined }),
    barrier: (at: number, id: number) => channels[at]?.sendControl(frameKind.barrier, 0, id),
    watermark: (at: number, value: number) => channels[at]?.sendControl(frameKind.watermark, 0, value),
    /** One step; true when something was taken. */
    step: () => gate.step(receiver),
    take(): string[] {
      while (gate.step(receiver));
      return seen.splice(0)
    },
  }
}

const contents = (recordings: readonly Recording[] | undefined): unknown =>
  recordings?.map(({ frames, watermarkMs }) => [watermarkMs, frames.map(({ kind }) => kind).join(' ')])

describe('a gate whose barriers overtake', () => {
  it('gives what had not been taken to the checkpoint, and goes on with it', async () => {
    const { gate, rows, barrier, watermark, take, step } = setUp(2)
    watermark(0, 5)
    step()
    rows(0, 1, 2)
    watermark(0, 7)
    rows(1, 9)
    const recorded = gate.overtake(1)
    expect(gate.divert()).toBe(true)
    barrier(0, 1)
    rows(0, 3)
    expect(take()).toEqual(['1: 9', '0: 1 2', '0: 3'])
    barrier(1, 1)
    gate.divert()
    expect(contents(await recorded)).toEqual([
      [5, 'batch watermark'],
      [Number.NEGATIVE_INFINITY, 'batch'],
    ])
    // Its barriers mean nothing any more.
    expect(gate.aligned).toBe(0)
  })

  it('records nothing of a channel whose barrier stands at its head', async () => {
    const { gate, rows, barrier, take } = setUp(2)
    barrier(0, 1)
    rows(0, 1)
    rows(1, 2)
    expect(take()).toEqual(['1: 2'])
    rows(1, 3)
    const recorded = gate.overtake(1)
    gate.divert()
    barrier(1, 1)
    gate.divert()
    expect(contents(await recorded)).toEqual([
      [Number.NEGATIVE_INFINITY, ''],
      [Number.NEGATIVE_INFINITY, 'batch'],
    ])
    expect(take().sort()).toEqual(['0: 1', '1: 3'])
  })

  it('gives a checkpoint up with its abortion, with a newer barrier and with its end, and loses no record', async () => {
    for (const how of ['abort', 'newer', 'close'] as const) {
      const { gate, rows, barrier, take, arena } = setUp(1)
      rows(0, 1)
      const recorded = gate.overtake(1)
      gate.divert()
      if (how === 'abort') gate.abort(1)
      if (how === 'newer') {
        barrier(0, 2)
        gate.divert()
        expect(take()).toEqual(['0: 1'])
        expect(gate.aligned).toBe(2)
        gate.resume()
      }
      if (how === 'close') gate.close()
      expect(await recorded).toBeUndefined()
      if (how === 'abort') expect(take()).toEqual(['0: 1'])
      gate.close()
      expect(arena.freeSegments).toBe(arena.segments)
    }
  })

  it('has nothing to overtake once all barriers are there', () => {
    const { gate, barrier, take } = setUp(1)
    barrier(0, 1)
    take()
    expect(gate.aligned).toBe(1)
    expect(gate.overtake(1)).toBeUndefined()
    gate.resume()
    expect(gate.overtake(1)).toBeUndefined()
  })
})

/** What was in flight to a subtask: rows, then a watermark. */
function inFlight(
  holder: FrameHolder,
  { generation, to, watermarkMs }: { generation: number; to: number; watermarkMs: number },
  rows: readonly number[],
  thenMs: number,
): RestoredLane {
  const held = holder.holdRows({ rows, count: rows.length, timestamps: undefined })
  const parts = [{ subtask: to, parallelism: 2 }]
  return {
    input: {
      channel: undefined,
      input: 0,
      name: 'in flight',
      computedKey: false,
      place: { edge: 0, from: 0, producers: 1, generation, parts, holder },
    },
    watermarkMs,
    idle: false,
    fill: (into) => {
      into.hold(heldBatch([...held.bodies]))
      into.hold({ kind: 'watermark', timestampMs: thenMs })
    },
  }
}

describe('a gate after a restore', () => {
  it('takes what was in flight first, and goes on at its time', () => {
    const { rows, watermark, take } = setUp(1, (holder) => ({
      restored: [[inFlight(holder, { generation: 0, to: 0, watermarkMs: 4 }, [1, 2], 9)]],
    }))
    rows(0, 3)
    watermark(0, 12)
    // The time of the channel is that of what was before it: a watermark that is no news is not given on.
    expect(take()).toEqual(['watermark 4', '0: 1 2', 'watermark 9', '0: 3', 'watermark 12'])
  })

  it('lets time wait for what was in flight to a subtask that was further behind, though it comes later', () => {
    const { rows, take } = setUp(1, (holder) => ({
      restored: [
        [inFlight(holder, { generation: 0, to: 0, watermarkMs: 4 }, [1], 9)],
        [inFlight(holder, { generation: 1, to: 1, watermarkMs: 2 }, [2], 9)],
      ],
    }))
    rows(0, 3)
    expect(take()).toEqual(['watermark 2', '0: 1', '0: 2', 'watermark 9', '0: 3'])
  })

  it('goes on in a channel at the time of what was before it there', () => {
    const unknown = Number.NEGATIVE_INFINITY
    const { rows, take } = setUp(1, (holder) => ({
      restored: [
        [inFlight(holder, { generation: 0, to: 0, watermarkMs: 4 }, [1], 9)],
        [inFlight(holder, { generation: 1, to: 0, watermarkMs: unknown }, [2], 11)],
      ],
    }))
    rows(0, 3)
    expect(take()).toEqual(['0: 1', 'watermark 9', '0: 2', 'watermark 11', '0: 3'])
  })
})

describe('a gate at least once', () => {
  it('lets channels flow while barriers are collected', () => {
    const { gate, rows, barrier, take } = setUp(2, { barriersBlock: false })
    barrier(0, 1)
    rows(0, 1)
    rows(1, 2)
    expect(take().sort()).toEqual(['0: 1', '1: 2'])
    expect(gate.aligned).toBe(0)
    barrier(1, 1)
    take()
    expect(gate.aligned).toBe(1)
    gate.resume()
    rows(0, 3)
    expect(take()).toEqual(['0: 3'])
  })
})

describe('a gate before somebody slow', () => {
  it('gives fewer rows at a time, so that a barrier gets through between them', () => {
    const { gate, rows, clock, take, step, seen } = setUp(1)
    clock.perRow = 10
    rows(0, ...Array.from({ length: 1000 }, (_, i) => i))
    step()
    expect(seen.splice(0)).toEqual(['0: 256 rows'])
    const before = clock.now
    step()
    expect(clock.now - before).toBeLessThanOrEqual(50)
    // What is left of the frame belongs to a checkpoint that overtakes now.
    gate.overtake(1)
    gate.divert()
    clock.perRow = 0
    const left = take().map((text) => Number(/(\d+) rows/.exec(text)?.[1] ?? text.split(' ').length - 1))
    expect(left.reduce((sum, count) => sum + count, 0)).toBe(1000 - 256)
  })
})
