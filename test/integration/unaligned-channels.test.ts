import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Manifest } from '../../proto/checkpoint/manifest.ts'
import { expected, Flow, type FlowRound, generator, resultName, smallFlow, turn } from '../support/flow.ts'
import type { FlowShape } from '../support/flow-operators.ts'
import { cases } from '../support/nightly.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-unaligned-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

interface Seen {
  readonly results: readonly string[]
  /** Checkpoints, those with data in flight, and restores from such. */
  readonly checkpoints: number
  readonly inFlight: number
  readonly restored: number
}

/** Runs the job; every round but the last is cut off somewhere, and the next begins from the newest checkpoint. */
async function run(shape: FlowShape, rounds: readonly FlowRound[], seed: number): Promise<Seen> {
  const random = generator(seed)
  let newest: Manifest | undefined
  let id = 0
  const counted = { checkpoints: 0, inFlight: 0, restored: 0 }
  for (const [index, round] of rounds.entries()) {
    const last = index === rounds.length - 1
    if ((newest?.channels.length ?? 0) > 0) counted.restored++
    const flow = await Flow.start({ ...shape, ...round }, newest)
    const speed = flow.tasks.map(({ vertex }) => (vertex < 2 ? 1 : random() < 0.6 ? 0.1 : 0.5))
    let pending = 0
    let overtakeAt: number[] = []
    const cutAt = last ? Number.POSITIVE_INFINITY : 200 + Math.floor(random() * 1200)
    let quiet = 0
    for (let n = 0; n < cutAt && quiet < 40; n++) {
      if (pending === 0 && !flow.settled && random() < 0.02) {
        pending = ++id
        flow.trigger(id)
        const aligned = random() < 0.2
        overtakeAt = flow.tasks.map(() => (aligned ? Number.POSITIVE_INFINITY : n + Math.floor(random() * 60)))
      }
      if (pending !== 0) {
        for (const [at, due] of overtakeAt.entries()) if (due === n) flow.tasks[at].task.overtake(pending)
        const manifest = flow.manifest(pending)
        if (manifest !== undefined) {
          newest = manifest
          counted.checkpoints++
          if (manifest.channels.length > 0) counted.inFlight++
          for (const { task } of flow.tasks) task.checkpointComplete(pending)
          pending = 0
        } else if (random() < 0.002) {
          flow.abort(pending)
          pending = 0
        }
      }
      if (flow.settled && last) {
        // What is left flows off.
        const before = flow.sinks.reduce((sum, { seen }) => sum + seen.length, 0)
        for (let at = 0; at < flow.tasks.length; at++) for (let i = 0; i < 20; i++) flow.step(at)
        const after = flow.sinks.reduce((sum, { seen }) => sum + seen.length, 0)
        quiet = after === before ? quiet + 1 : 0
        await turn()
        continue
      }
      const at = Math.floor(random() * flow.tasks.length)
      if (random() < speed[at]) flow.step(at)
      if (n % 16 === 0) await turn()
    }
    const results = flow.sinks.map(({ seen }) => seen.map(resultName))
    await flow.close()
    expect(flow.held).toBe(0)
    if (last) {
      if (shape.partitioner !== 'broadcast') return { ...counted, results: results.flat().sort() }
      for (const each of results) expect(each.toSorted()).toEqual(results[0].toSorted())
      return { ...counted, results: results[0].toSorted() }
    }
  }
  throw new Error('there is no round')
}

describe('a checkpoint whose barriers overtake', () => {
  let inFlight = 0
  let restored = 0
  for (const partitioner of ['rebalance', 'hash', 'custom', 'broadcast'] as const) {
    for (const carrier of ['local', 'ring'] as const) {
      it(`loses and repeats nothing over a ${partitioner} edge of ${carrier} channels, at any parallelism`, async () => {
        const round = fc.record({
          carrier: fc.constant(carrier),
          counts: fc.integer({ min: 1, max: 4 }),
          sinks: partitioner === 'broadcast' ? fc.constant(2) : fc.integer({ min: 1, max: 3 }),
        })
        await fc.assert(
          fc.asyncProperty(
            fc.array(round, { minLength: 2, maxLength: 5 }),
            fc.boolean(),
            fc.constantFrom(0, 3000),
            fc.constantFrom(96, 32),
            fc.integer(),
            async (rounds, declared, padding, segments, seed) => {
              const shape = { ...smallFlow, root: directory, partitioner, declared, padding, segments }
              const seen = await run(shape, rounds, seed)
              inFlight += seen.inFlight
              restored += seen.restored
              expect(seen.results).toEqual(expected(shape))
            },
          ),
          { numRuns: cases(4) },
        )
      })
    }
  }
  for (const assigner of [
    { kind: 'tumbling', sizeMs: 30, offsetMs: 0 },
    { kind: 'sliding', sizeMs: 40, slideMs: 15, offsetMs: 4 },
    { kind: 'session', gapMs: 10 },
  ] as const) {
    it(`lets each ${assigner.kind} window fire once and whole, at any parallelism`, async () => {
      const round = fc.record({
        carrier: fc.constantFrom('local' as const, 'ring' as const),
        counts: fc.integer({ min: 1, max: 4 }),
        sinks: fc.integer({ min: 1, max: 3 }),
      })
      await fc.assert(
        fc.asyncProperty(
          fc.array(round, { minLength: 2, maxLength: 5 }),
          fc.boolean(),
          fc.constantFrom(0, 20, 200),
          fc.integer(),
          async (rounds, declared, allowedLatenessMs, seed) => {
            const root = mkdtempSync(join(directory, 'windows-'))
            const shape = { ...smallFlow, root, declared, windows: { assigner, allowedLatenessMs } }
            const seen = await run(shape, rounds, seed)
            restored += seen.restored
            expect(seen.results).toEqual(expected(shape))
          },
        ),
        { numRuns: cases(6) },
      )
    })
  }
  it('was restored with records in flight many times over', () => {
    expect(inFlight).toBeGreaterThan(7)
    expect(restored).toBeGreaterThan(3)
  })
})
