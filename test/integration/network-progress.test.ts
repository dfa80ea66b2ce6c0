/** No job stops for want of segments: however few there are, whoever is slow, and whether barriers wait or overtake. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { Dag, type DagShape } from '../support/dag.ts'

const vertices = fc.array(
  fc.record({
    parallelism: fc.integer({ min: 1, max: 4 }),
    /** Of its inputs among the vertices before it, as parts of them. */
    inputs: fc.array(fc.double({ min: 0, max: 0.999, noNaN: true }), { maxLength: 2 }),
    kind: fc.constantFrom('views' as const, 'rows' as const),
    partitioner: fc.constantFrom('hash' as const, 'rebalance' as const),
  }),
  { minLength: 3, maxLength: 6 },
)

const shapes = (large: boolean): fc.Arbitrary<DagShape> =>
  fc
    .record({
      vertices,
      batches: large ? fc.integer({ min: 4, max: 20 }) : fc.integer({ min: 20, max: 60 }),
      rows: fc.integer({ min: 10, max: 60 }),
      padding: fc.integer({ min: 0, max: 100 }),
      largeEach: large ? fc.integer({ min: 3, max: 40 }) : fc.constant(0),
      largeSegments: large ? fc.integer({ min: 1, max: 2 }) : fc.constant(0),
      spare: fc.integer({ min: 0, max: 12 }),
    })
    .map((shape) => ({
      ...shape,
      vertices: shape.vertices.map((vertex, at) => ({
        ...vertex,
        // The first is a source; of the others some are, and the last is none.
        inputs: [
          ...new Set(
            (at > 0 && (at === shape.vertices.length - 1 || at === 1) && vertex.inputs.length === 0
              ? [0.5]
              : vertex.inputs
            ).map((part) => Math.floor(part * at)),
          ),
        ].filter((from) => from < at),
      })),
    }))

/** Records that reach sinks: each once per path. */
function expected({ vertices: all, batches, rows }: DagShape): number {
  const paths = all.map(() => 0)
  let sum = 0
  for (const [at, { inputs, parallelism }] of all.entries()) {
    paths[at] = inputs.length === 0 ? parallelism * batches * rows : inputs.reduce((n, from) => n + paths[from], 0)
    if (inputs.length > 0 && !all.some((each) => each.inputs.includes(at))) sum += paths[at]
  }
  return sum
}

/** Numbers of tasks to step, the slow ones seldom: a run of a seeded generator. */
function* turns(seed: number, tasks: number): Generator<number> {
  let state = seed | 1
  const next = (): number => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state >>> 0
  }
  const speeds = Array.from({ length: tasks }, () => 1 + (next() % 100))
  for (;;) {
    const task = next() % tasks
    if (next() % 100 < speeds[task]) yield task
  }
}

const stepsWithoutProgress = 60_000

async function run(shape: DagShape, seed: number, everySteps: number, overtakes: boolean): Promise<void> {
  const dag = new Dag(shape)
  const total = expected(shape)
  let checkpoint = 0
  let triggeredAt = 0
  let moved = 0
  let before = 0
  let steps = 0
  const pick = turns(seed, dag.tasks.length)
  while (dag.ended < dag.sources || dag.received < total || (dag.acks.get(checkpoint) ?? 0) < dag.tasks.length) {
    steps++
    const due = checkpoint === 0 || dag.acks.get(checkpoint) === dag.tasks.length
    if (due && steps - triggeredAt > everySteps && dag.ended < dag.sources) {
      triggeredAt = steps
      dag.trigger(++checkpoint)
    }
    if (overtakes && steps === triggeredAt + 200) for (const task of dag.tasks) task.overtake(checkpoint)
    dag.step(pick.next().value as number)
    // What is stored and acknowledged are promises.
    if (steps % 50 === 0) await new Promise<void>((resolve) => setImmediate(resolve))
    // Each part only grows, acknowledgements those of all checkpoints together.
    const now = dag.received + dag.ended + checkpoint * dag.tasks.length + (dag.acks.get(checkpoint) ?? 0)
    if (now !== before) moved = steps
    before = now
    if (steps - moved > stepsWithoutProgress)
      throw new Error(
        `stands still: ${dag.received} of ${total} records, checkpoint ${checkpoint} of ${dag.acks.get(checkpoint) ?? 0} of ` +
          `${dag.tasks.length} tasks, ${dag.arena.freeSegments} segments free, large ones: ${dag.arena.hasLarge}`,
      )
    if (checkpoint === 0 && dag.ended === dag.sources && dag.received === total) break
  }
  expect(dag.received).toBe(total)
  await dag.close()
  expect(dag.arena.usedBytes).toBe(0)
}

it.each([
  ['barriers that wait', false, false],
  ['barriers that overtake', true, false],
  ['records that need a large segment, and barriers that wait', false, true],
  ['records that need a large segment, and barriers that overtake', true, true],
])(
  'every record arrives and every checkpoint ends with the least memory that is not refused: %s',
  async (_, overtakes, large) => {
    await fc.assert(
      fc.asyncProperty(shapes(large), fc.integer(), fc.integer({ min: 50, max: 2000 }), (shape, seed, everySteps) =>
        run(shape, seed, everySteps, overtakes),
      ),
      { numRuns: 20 },
    )
  },
)
