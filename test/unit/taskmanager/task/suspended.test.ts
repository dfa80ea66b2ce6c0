/** A job that ends with a checkpoint whose barriers overtake, and goes on elsewhere: nothing is processed twice, and nothing waits for what is slow. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Manifest } from '../../../../proto/checkpoint/manifest.ts'
import { expected, Flow, type FlowRound, generator, resultName, smallFlow, turn } from '../../../support/flow.ts'
import type { FlowShape } from '../../../support/flow-operators.ts'
import { cases } from '../../../support/nightly.ts'
import { conditionLimitMs } from '../../../support/until.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-suspended-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** In place of counts. */
const windows = [
  { kind: 'sliding', sizeMs: 40, slideMs: 15, offsetMs: 0 },
  { kind: 'session', gapMs: 10 },
] as const

const seenBy = (flow: Flow): number => flow.sinks.reduce((sum, { seen }) => sum + seen.length, 0)
const seenIn = (manifest: Manifest): number =>
  manifest.operators
    .filter(({ vertex }) => vertex === 3)
    .flatMap(({ subtasks }) => subtasks)
    .reduce((sum, { operatorState }) => sum + (operatorState as readonly unknown[]).length, 0)

/** Suspends the flow; one checkpoint may be given up before. The sinks do nearly nothing meanwhile. */
async function suspend(flow: Flow, id: number, random: () => number): Promise<Manifest> {
  for (let attempt = 0; ; attempt++) {
    const pending = id + attempt
    const givenUp = attempt === 0 && random() < 0.3
    flow.trigger(pending, 'suspend')
    // What is in flight is stored by the disk's time.
    const untilMs = performance.now() + conditionLimitMs
    const overtakeAt = flow.tasks.map(() => Math.floor(random() * 200))
    let manifest: Manifest | undefined
    for (let n = 0; manifest === undefined && !(givenUp && n === 150); n++) {
      if (performance.now() > untilMs) throw new Error('the checkpoint waits for what is slow')
      for (const [at, due] of overtakeAt.entries()) if (due === n) flow.tasks[at].task.overtake(pending)
      flow.step(Math.floor(random() * flow.tasks.length))
      if (n % 8 === 0) await turn()
      manifest = flow.manifest(pending)
    }
    if (manifest === undefined) {
      flow.abort(pending)
      for (let n = 0; n < 100; n++) flow.step(Math.floor(random() * flow.tasks.length))
      continue
    }
    // Not all hear of it at once.
    const untold = [...flow.tasks]
    for (let n = 0; flow.tasks.some(({ task }) => !task.over); n++) {
      if (performance.now() > untilMs) throw new Error('the tasks do not end')
      if (untold.length > 0 && random() < 0.2)
        untold.splice(Math.floor(random() * untold.length), 1)[0].task.checkpointComplete(pending)
      flow.step(Math.floor(random() * flow.tasks.length))
      if (n % 8 === 0) await turn()
    }
    return manifest
  }
}

let inFlight = 0

for (const carrier of ['local', 'ring'] as const) {
  for (const partitioner of ['rebalance', 'hash', 'custom'] as const) {
    it(`is done over a ${partitioner} edge of ${carrier} channels, at any parallelism`, async () => {
      const round = fc.record({
        carrier: fc.constant(carrier),
        counts: fc.integer({ min: 1, max: 4 }),
        sinks: fc.integer({ min: 1, max: 3 }),
      })
      const run = async (shape: FlowShape, rounds: readonly FlowRound[], seed: number): Promise<readonly string[]> => {
        const random = generator(seed)
        let newest: Manifest | undefined
        for (const [index, each] of rounds.entries()) {
          const flow = await Flow.start({ ...shape, ...each }, newest)
          const last = index === rounds.length - 1
          const steps = 100 + Math.floor(random() * 900)
          for (let n = 0, quiet = 0; last ? quiet < 3000 : n < steps; n++) {
            const at = Math.floor(random() * flow.tasks.length)
            const before = seenBy(flow)
            if (last || flow.tasks[at].vertex < 2 || random() < 0.2) flow.step(at)
            quiet = flow.settled && before === seenBy(flow) ? quiet + 1 : 0
            if (n % 16 === 0) await turn()
          }
          if (!last) {
            newest = await suspend(flow, 10 * index + 1, random)
            if (newest.channels.length > 0) inFlight++
            expect(seenBy(flow)).toBe(seenIn(newest))
          }
          const results = flow.sinks.flatMap(({ seen }) => seen.map(resultName))
          await flow.close()
          expect(flow.held).toBe(0)
          if (last) return results.sort()
        }
        throw new Error('there is no round')
      }
      await fc.assert(
        fc.asyncProperty(
          fc.array(round, { minLength: 2, maxLength: 4 }),
          fc.boolean(),
          fc.constantFrom(0, 3000),
          fc.option(fc.constantFrom(...windows), { nil: undefined }),
          fc.integer(),
          async (rounds, declared, padding, assigner, seed) => {
            const root = mkdtempSync(join(directory, 'run-'))
            const replaced = assigner && { assigner, allowedLatenessMs: 30 }
            const shape = { ...smallFlow, root, partitioner, declared, padding, windows: replaced }
            expect(await run(shape, rounds, seed)).toEqual(expected(shape))
          },
        ),
        { numRuns: cases(5) },
      )
    })
  }
}

it('had records in flight', () => {
  expect(inFlight).toBeGreaterThan(5)
})
