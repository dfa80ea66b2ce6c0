import fc from 'fast-check'
import { beforeEach, describe, expect, it } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { type EndMode, endMode, frameKind } from '../../../../taskmanager/network/frame.ts'
import { LocalChannel } from '../../../../taskmanager/network/local.ts'
import { type GateReceiver, InputGate } from '../../../../taskmanager/task/input-gate.ts'

const arena = Arena.create({ bytes: 1 << 20, segmentBytes: 64 * 1024, largeSegments: 0 })

let now = 0
let seen: string[] = []
let channels: LocalChannel[] = []
let gate: InputGate

const receiver: GateReceiver = {
  batch: () => undefined,
  rows: (rows, input) => void seen.push(`rows ${rows.rows.join()} of ${input}`),
  watermark: (value) => void seen.push(`watermark ${value}`),
  idle: (idle) => void seen.push(idle ? 'idle' : 'active'),
  ended: (mode, checkpoint) =>
    void seen.push(`ended ${mode === endMode.finished ? 'finished' : 'suspended'} ${checkpoint}`),
}

function open(count: number): void {
  now = 0
  seen = []
  channels = Array.from({ length: count }, () => new LocalChannel(arena, undefined, 64))
  gate = new InputGate(
    channels.map((channel, at) => ({ channel, input: at, name: `producer ${at}`, computedKey: false })),
    () => now,
  )
}

const rows = (channel: number, ...values: number[]): void =>
  channels[channel].sendRows({ rows: values, count: values.length, timestamps: undefined })
const watermark = (channel: number, value: number): boolean =>
  channels[channel].sendControl(frameKind.watermark, 0, value)
const barrier = (channel: number, id: number): boolean => channels[channel].sendControl(frameKind.barrier, 0, id)
const idle = (channel: number, is: boolean): boolean => channels[channel].sendControl(frameKind.idle, is ? 1 : 0, 0)
const end = (channel: number, mode: EndMode = endMode.finished, checkpoint = 0): boolean =>
  channels[channel].sendControl(frameKind.end, mode, checkpoint)

/** All there is to take; checkpoints are noted and let through. */
function take(): string[] {
  for (;;) {
    if (gate.aligned !== 0) {
      seen.push(`checkpoint ${gate.aligned}`)
      gate.resume()
    } else if (!gate.step(receiver)) break
  }
  return seen.splice(0)
}

describe('the input gate', () => {
  beforeEach(() => open(2))

  it('takes the lowest watermark of its channels', () => {
    watermark(0, 10)
    expect(take()).toEqual([])
    watermark(1, 5)
    expect(take()).toEqual(['watermark 5'])
    expect(gate.heldBy).toBe('producer 1')
    watermark(1, 20)
    expect(take()).toEqual(['watermark 10'])
    expect(gate.heldBy).toBe('producer 0')
  })

  it('does not wait for an idle channel, and says when all are idle', () => {
    watermark(0, 10)
    idle(1, true)
    expect(take()).toEqual(['watermark 10'])
    idle(0, true)
    expect(take()).toEqual(['idle'])
    rows(1, 1)
    expect(take()).toEqual(['active', 'rows 1 of 1'])
    watermark(1, 8)
    expect(take()).toEqual([])
    watermark(1, 30)
    expect(take()).toEqual(['watermark 30'])
  })

  it('does not wait for a channel that has ended', () => {
    watermark(0, 10)
    end(1)
    expect(take()).toEqual(['watermark 10'])
    end(0)
    expect(take()).toEqual(['ended finished 0'])
  })

  it('keeps back what is behind a barrier until every channel has it', () => {
    barrier(0, 1)
    rows(0, 1)
    rows(1, 2)
    expect(take()).toEqual(['rows 2 of 1'])
    now = 7
    barrier(1, 1)
    rows(1, 3)
    expect(gate.step(receiver)).toBe(true)
    expect(gate.aligned).toBe(1)
    expect(gate.alignmentMs).toBe(7)
    expect(gate.step(receiver)).toBe(false)
    expect(take()).toEqual(['checkpoint 1', 'rows 1 of 0', 'rows 3 of 1'])
  })

  it('counts a channel that has ended as aligned, and ignores its later barrier', () => {
    barrier(0, 1)
    end(1)
    expect(take()).toEqual(['checkpoint 1'])
    barrier(1, 1)
    rows(0, 1)
    expect(take()).toEqual(['rows 1 of 0'])
  })

  it('reports the end before the checkpoint that the end completes', () => {
    end(0)
    barrier(0, 3)
    end(1, endMode.finished, 3)
    expect(take()).toEqual(['ended finished 3', 'checkpoint 3'])
  })

  it('goes on with checkpoints after the end', () => {
    end(0)
    end(1)
    barrier(0, 1)
    barrier(1, 1)
    barrier(1, 2)
    expect(take()).toEqual(['ended finished 0', 'checkpoint 1', 'checkpoint 2'])
  })

  it('is suspended when one of its channels was', () => {
    end(0)
    end(1, endMode.suspended, 4)
    expect(take()).toEqual(['ended suspended 4'])
  })

  it('lets time stand still where a channel goes on elsewhere', () => {
    watermark(0, 10)
    watermark(1, 20)
    end(0, endMode.suspended, 4)
    watermark(1, 30)
    expect(take()).toEqual(['watermark 10'])
    end(1, endMode.suspended, 4)
    expect(take()).toEqual(['ended suspended 4'])
  })

  it('lets channels go when a checkpoint is given up, and ignores its barriers from then on', () => {
    barrier(0, 1)
    rows(0, 1)
    expect(take()).toEqual([])
    expect(gate.abort(1)).toBe(true)
    expect(take()).toEqual(['rows 1 of 0'])
    barrier(1, 1)
    rows(1, 2)
    expect(take()).toEqual(['rows 2 of 1'])
    barrier(0, 2)
    barrier(1, 2)
    expect(take()).toEqual(['checkpoint 2'])
  })

  it('takes a newer barrier as the end of an older checkpoint', () => {
    barrier(0, 1)
    rows(0, 1)
    expect(take()).toEqual([])
    barrier(1, 2)
    expect(take()).toEqual(['rows 1 of 0'])
    barrier(0, 2)
    expect(take()).toEqual(['checkpoint 2'])
  })

  it('puts exactly the rows before the barriers before the checkpoint, whatever the interleaving', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 4 }),
        fc.array(fc.record({ channel: fc.nat(3), take: fc.boolean() }), { maxLength: 60 }),
        (count, script) => {
          open(count)
          const scripts = channels.map((_, channel) => {
            const frames: (() => void)[] = []
            for (let epoch = 1; epoch <= 4; epoch++) {
              const value = epoch
              frames.push(
                () => rows(channel, value),
                () => void barrier(channel, value),
              )
            }
            return frames
          })
          const log: string[] = []
          for (const { channel, take: taking } of script) {
            scripts[channel % count].shift()?.()
            if (taking) log.push(...take())
          }
          for (const frames of scripts) for (const frame of frames) frame()
          log.push(...take())
          let done = 0
          const rowsSeen = [0, 0, 0, 0, 0]
          for (const line of log) {
            if (line.startsWith('checkpoint')) {
              done = Number(line.slice(11))
              expect(rowsSeen[done]).toBe(count)
            } else {
              const epoch = Number(line.split(' ')[1])
              expect(epoch).toBe(done + 1)
              rowsSeen[epoch]++
            }
          }
          expect(done).toBe(4)
        },
      ),
    )
  })
})
