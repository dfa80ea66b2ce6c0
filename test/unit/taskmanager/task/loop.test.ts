import { describe, expect, it } from 'vitest'
import { SlotLoop } from '../../../../taskmanager/task/loop.ts'
import type { Task } from '../../../../taskmanager/task/task.ts'
import { type Pair, pair } from './support.ts'

function started(
  count: number,
  options: { capacity?: number } = {},
): Pair & { loop: SlotLoop; failed: [Task, unknown][] } {
  const failed: [Task, unknown][] = []
  let loop: SlotLoop | undefined
  const both = pair(count, { ...options, wake: () => loop?.wake() })
  loop = new SlotLoop({
    clock: both.clock,
    bells: undefined,
    watermarkIntervalMs: 200,
    failed: (task, error) => void failed.push([task, error]),
  })
  loop.start([both.sourceTask, both.sinkTask])
  return { ...both, loop, failed }
}

/** Turns of the loop in `ms`. */
function turnsIn({ clock }: Pair, task: Task, ms: number): number {
  let turns = 0
  const step = task.step.bind(task)
  task.step = (nowMs) => {
    turns++
    return step(nowMs)
  }
  clock.advance(ms)
  task.step = step
  return turns
}

describe('the loop of a slot', () => {
  it('runs a job to its end and then sets no timer', () => {
    const at = started(1000)
    at.clock.advance(0)
    expect(at.sink.rows).toHaveLength(1000)
    expect(at.log.slice(-1)).toEqual(['sink finished'])
    expect(at.clock.pending).toBe(0)
  })

  it('takes all that a step of a source made before the next one', () => {
    const at = started(100)
    const step = at.sourceTask.step.bind(at.sourceTask)
    const waiting: number[] = []
    at.sourceTask.step = (nowMs) => {
      waiting.push(at.source.next - at.sink.rows.length)
      return step(nowMs)
    }
    at.clock.advance(0)
    expect(at.sink.rows).toHaveLength(100)
    expect(Math.max(...waiting)).toBe(0)
  })

  it('looks at an idle source five times a second and not more', () => {
    const at = started(1000)
    at.source.paused = true
    at.clock.advance(100)
    const before = at.source.watermarks
    expect(turnsIn(at, at.sourceTask, 1000)).toBeLessThan(30)
    expect(at.source.watermarks - before).toBe(5)
  })

  it('sleeps while everything waits for a sink', () => {
    const at = started(1000, { capacity: 2 })
    at.sink.isReady = false
    at.clock.advance(100)
    expect(turnsIn(at, at.sourceTask, 1000)).toBeLessThan(200)
    at.sink.isReady = true
    at.sinkTask.wake()
    at.clock.advance(0)
    expect(at.sink.rows).toHaveLength(1000)
  })

  it('wakes for a source that has something again', () => {
    const at = started(10)
    at.source.paused = true
    at.clock.advance(50)
    at.source.paused = false
    at.sourceTask.wake()
    at.clock.advance(0)
    expect(at.sink.rows).toHaveLength(10)
  })

  it('calls an operator at the wall-clock time it asked for, and at once when that has passed', () => {
    const at = started(10)
    at.source.paused = true
    at.clock.advance(50)
    at.sinkTask.wakeTimes[0] = 1_000_080
    at.sinkTask.wake()
    at.clock.advance(29)
    expect(at.log).toEqual([])
    at.clock.advance(2)
    expect(at.log).toEqual(['time 1000080'])
    at.sinkTask.wakeTimes[0] = 0
    at.sinkTask.wake()
    at.clock.advance(1)
    expect(at.log).toHaveLength(2)
  })

  it('sleeps for good behind the end, whatever timers operators still have', () => {
    const at = started(10)
    at.sinkTask.wakeTimes[0] = 1_000_050
    at.clock.advance(10)
    expect(at.log.at(-1)).toBe('sink finished')
    expect(turnsIn(at, at.sinkTask, 1000)).toBeLessThan(3)
  })

  it('reports the subtask that threw', () => {
    const at = started(10)
    at.sink.processRows = () => {
      throw new Error('bad record')
    }
    at.loop.stop()
    at.loop.start([at.sourceTask, at.sinkTask])
    at.clock.advance(0)
    expect(at.failed[0][0]).toBe(at.sinkTask)
    expect(at.failed[0][1]).toMatchObject({ message: 'bad record' })
  })

  it('makes no step after it was stopped', () => {
    const at = started(10)
    at.loop.stop()
    at.sourceTask.wake()
    at.clock.advance(1000)
    expect(at.sink.rows).toEqual([])
  })
})
