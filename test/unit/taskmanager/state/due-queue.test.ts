/** The queue of what is due against a plain list. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { DueQueue } from '../../../../taskmanager/state/timers/due-queue.ts'

type Command =
  | { kind: 'push'; id: number; time: number }
  | { kind: 'put-off'; id: number; by: number }
  | { kind: 'cancel'; id: number }
  | { kind: 'forget'; id: number }
  | { kind: 'take'; to: number }

const id = fc.integer({ min: 0, max: 12 })
const command: fc.Arbitrary<Command> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('push'), id, time: fc.integer({ min: -40, max: 120 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('put-off'), id, by: fc.integer({ min: 1, max: 60 }) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancel'), id }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget'), id }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('take'), to: fc.integer({ min: -50, max: 130 }) }) },
) as fc.Arbitrary<Command>

/** What is taken when `to` has come. */
function drain(queue: DueQueue, due: Map<number, number>, to: number): [number, number][] {
  const taken: [number, number][] = []
  for (let next = queue.take(to); next >= 0; next = queue.take(to)) {
    taken.push([due.get(next) as number, next])
    due.delete(next)
  }
  return taken
}

describe('a queue of what is due', () => {
  it.each([1, 7, 1000])('gives each id once, in the order of times, when buckets are %i long', (width) => {
    fc.assert(
      fc.property(fc.array(command, { maxLength: 80 }), (commands) => {
        const due = new Map<number, number>()
        const queue = new DueQueue(width, (of) => due.get(of) ?? Number.POSITIVE_INFINITY)
        const check = (to: number): void => {
          const expected = [...due].filter(([, time]) => time <= to).map(([of, time]) => [time, of])
          const taken = drain(queue, due, to)
          expect(taken.map(([time]) => time)).toEqual(taken.map(([time]) => time).toSorted((a, b) => a - b))
          expect(taken.toSorted((a, b) => a[1] - b[1])).toEqual(expected.toSorted((a, b) => a[1] - b[1]))
        }
        for (const step of commands) {
          const was = step.kind === 'take' ? undefined : due.get(step.id)
          switch (step.kind) {
            case 'push':
              // Only earlier times are to be told.
              due.set(step.id, Math.min(step.time, was ?? Number.POSITIVE_INFINITY))
              queue.push(step.id, step.time)
              break
            case 'put-off':
              if (was !== undefined) due.set(step.id, was + step.by)
              break
            case 'cancel':
              due.delete(step.id)
              break
            case 'forget':
              due.delete(step.id)
              queue.forget(step.id)
              break
            default:
              check(step.to)
          }
        }
        check(Number.POSITIVE_INFINITY)
        expect(queue.take(Number.POSITIVE_INFINITY)).toBe(-1)
      }),
      { numRuns: 300 },
    )
  })

  it('needs no more room for ids that come and go than for those that stay', () => {
    const due = new Map<number, number>()
    const queue = new DueQueue(10, (of) => due.get(of) ?? Number.POSITIVE_INFINITY)
    for (let turn = 0; turn < 200; turn++) {
      for (let of = 0; of < 100; of++) {
        queue.forget(of)
        due.set(of, 1000 + ((of + turn) % 20))
        queue.push(of, due.get(of) as number)
      }
    }
    expect(queue.room).toBeLessThan(1000)
    expect(drain(queue, due, 2000).length).toBe(100)
  })

  it('holds more ids than it was made for', () => {
    const queue = new DueQueue(10, (of) => 5000 - of)
    for (let of = 0; of < 5000; of++) queue.push(of, 5000 - of)
    const taken: number[] = []
    for (let next = queue.take(5000); next >= 0; next = queue.take(5000)) taken.push(next)
    expect(taken).toEqual(Array.from({ length: 5000 }, (_, i) => 4999 - i))
  })
})
