/**
 * Of state in memory that is numbers only each checkpoint writes some ranges as a whole, when much changes: nothing of the old runs is
 * read, and nothing is lost on the way.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { type Clock, systemClock } from '../../../../core/platform/clock.ts'
import { fileStorage } from '../../../../core/storage/file-storage.ts'
import { registerStorage } from '../../../../core/storage/open-storage.ts'
import type { BlobStorage } from '../../../../core/storage/storage.ts'
import type { RunHandle } from '../../../../proto/checkpoint/manifest.ts'
import { rangeCount } from '../../../../proto/checkpoint/ranges.ts'
import type { StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { cases } from '../../../support/nightly.ts'
import { checkpointDirectory, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

const scheme = 'renewed'
let mayRead = true
registerStorage(scheme, (location) => {
  const inner = fileStorage(location.slice(scheme.length + 1))
  const read = inner.getRange.bind(inner)
  const getRange = (path: string, offset: number, length: number): Promise<Uint8Array> => {
    expect(mayRead).toBe(true)
    return read(path, offset, length)
  }
  return Object.assign(inner as BlobStorage & { sync: undefined }, { url: location, sync: undefined, getRange })
})

/** What the next checkpoint is to write is known. */
const marked = async (): Promise<void> => {
  for (let turn = 0; turn < 100; turn++) await new Promise((resolve) => setImmediate(resolve))
}

const declare = (options: StateBackendOptions) => {
  const backend = createKeyedStateBackend(options)
  return Object.assign(backend, { flat: backend.value('flat', { kind: 'float64' }) })
}
type Backend = ReturnType<typeof declare>
const idOf = (backend: Backend, key: number): number =>
  backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)[0]

const write = (backend: Backend, key: number, value: number | undefined): void => {
  const id = idOf(backend, key)
  if (value === undefined) backend.flat.clear(id)
  else backend.flat.set(id, value)
  backend.releaseUnused(Int32Array.of(id), 1)
}

const contents = (stores: readonly Backend[]): Map<unknown, unknown> =>
  new Map(
    stores
      .flatMap((store) => [...store.ids()].map((id) => [store.keyOf(id), store.flat.get(id)] as const))
      .filter(([, value]) => value !== undefined)
      .sort(([a], [b]) => (a as number) - (b as number)),
  )

const keyCount = 5000

/** 5000 keys, of which each `change` writes so many. */
async function begun(
  name: string,
  changed: number,
  clock: Clock = systemClock,
): Promise<{ subtasks: Subtasks<Backend>; change: () => void; state: () => Map<unknown, unknown> }> {
  const subtasks = new Subtasks(`${scheme}:${join(directory.path, name)}`, 'number', declare, clock)
  await subtasks.start(1, false, 'one')
  const [backend] = subtasks.stores
  for (let key = 0; key < keyCount; key++) write(backend, key, key)
  let next = 0
  const change = (): void => {
    for (let i = 0; i < changed; i++, next++) write(backend, (next * 7) % keyCount, -next)
  }
  return { subtasks, change, state: () => contents(subtasks.stores) }
}

/** Entries that a chain has, as far as its runs count. */
const weight = (chain: readonly RunHandle[]): number =>
  chain.reduce((sum, { entries, from, to }) => sum + (entries * (to - from)) / rangeCount, 0)

describe('a chain with many changes', () => {
  test.each([
    { changed: 50, writtenMax: 900, reads: true },
    { changed: 125, writtenMax: 1200, reads: false },
    { changed: 250, writtenMax: 1200, reads: false },
    { changed: 500, writtenMax: 1200, reads: false },
    { changed: 2000, writtenMax: 3700, reads: false },
  ])(
    'of $changed of 5000 keys is renewed bit by bit; to merge it is read: $reads',
    async ({ changed, writtenMax, reads }) => {
      const { subtasks, change, state } = await begun(`many-${changed}`, changed)
      await subtasks.begin().end('complete')
      mayRead = reads
      const weights: number[] = []
      const lengths: number[] = []
      const written: number[] = []
      for (let round = 0; round < 120; round++) {
        change()
        const known = new Set(subtasks.complete?.map(({ path }) => path))
        await subtasks.begin().end('complete')
        const chain = subtasks.complete ?? []
        weights.push(weight(chain))
        lengths.push(chain.length)
        written.push(chain.find(({ path }) => !known.has(path))?.entries ?? 0)
        await marked()
      }
      mayRead = true
      // No checkpoint writes all there is, and no restore reads much more than that.
      expect(Math.max(...written)).toBeLessThan(writtenMax)
      expect(Math.max(...weights)).toBeLessThan(2.1 * keyCount)
      expect(Math.max(...lengths)).toBeLessThanOrEqual(64)
      const expected = state()
      await subtasks.start(2)
      expect(state()).toEqual(expected)
    },
  )

  /** Each step of long work takes longer than a slice: others have their turns between any two. */
  let nowMs = 0
  const slow: Clock = {
    ...systemClock,
    monotonic: () => (nowMs += 3),
    setImmediate: (task) => systemClock.setImmediate(task),
  }

  test.each([
    ['when it is known what the next one is to write', systemClock, true],
    ['before that is known', slow, false],
  ])('has what was there at each checkpoint, while keys change, go and come; %s', async (_, clock, known) => {
    const { subtasks, change, state } = await begun(`beside-${known}`, 700, clock)
    const [backend] = subtasks.stores
    for (let round = 0; round < 40; round++) {
      change()
      for (let key = round; key < keyCount; key += 50) write(backend, key, round % 2 === 0 ? undefined : round)
      const snapshot = subtasks.begin()
      const expected = state()
      for (let key = 1; key < keyCount; key += 31) write(backend, key, 12_345)
      for (let key = 2; key < keyCount; key += 31) write(backend, key, undefined)
      const how = round % 5 === 1 ? 'abort' : round % 5 === 2 ? 'late-abort' : 'complete'
      await snapshot.end(how)
      if (how === 'complete' && round % 4 === 0) {
        const again = new Subtasks(subtasks.root, 'number', declare)
        again.complete = subtasks.complete
        await again.start(1 + (round % 3))
        expect(contents(again.stores)).toEqual(expected)
        for (const store of again.stores) store.close()
      }
      if (known || round % 3 === 0) await marked()
    }
  })

  test('is left alone when nothing changes, however many runs the first snapshot was', async () => {
    const subtasks = new Subtasks(join(directory.path, 'still'), 'number', (options) =>
      declare({ ...options, ...(options.target && { target: { ...options.target, runBytesMax: 20_000 } }) }),
    )
    await subtasks.start(1, false, 'one')
    for (let key = 0; key < keyCount; key++) write(subtasks.stores[0], key, key)
    await subtasks.begin().end('complete')
    const first = subtasks.complete
    expect(first?.length).toBeGreaterThan(1)
    for (let round = 0; round < 3; round++) {
      await marked()
      await subtasks.begin().end('complete')
    }
    expect(subtasks.complete).toEqual(first)
  })

  test('that few keys of change is merged as any other', async () => {
    const { subtasks, change, state } = await begun('few', 5)
    for (let round = 0; round < 60; round++) {
      await subtasks.begin().end('complete')
      change()
    }
    await subtasks.begin().end('complete')
    expect(subtasks.complete?.length).toBeLessThanOrEqual(24)
    expect(weight(subtasks.complete ?? [])).toBeLessThan(1.2 * keyCount)
    const expected = state()
    await subtasks.start(1)
    expect(state()).toEqual(expected)
  })

  test('is what a plain model says, whatever was completed, aborted or cleared on the way', async () => {
    const key = fc.nat(24)
    const command = fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          kind: fc.constant('write' as const),
          key,
          value: fc.option(fc.double(), { nil: undefined }),
        }),
      },
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant('checkpoint' as const),
          how: fc.constantFrom('complete', 'complete', 'complete', 'abort', 'late-abort'),
          meanwhile: fc.array(fc.tuple(key, fc.option(fc.double(), { nil: undefined })), { maxLength: 4 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('restart' as const), parallelism: fc.integer({ min: 1, max: 3 }) }),
      },
    )
    let number = 0
    await fc.assert(
      fc.asyncProperty(fc.array(command, { minLength: 20, maxLength: 70 }), async (commands) => {
        const subtasks = new Subtasks(join(directory.path, `model-${number++}`), 'number', declare)
        await subtasks.start(1)
        const model = new Map<number, number>()
        let complete = new Map<number, number>()
        const set = (at: number, value: number | undefined): void => {
          write(subtasks.stores[subtasks.subtaskOf(testHash(at))], at, value)
          if (value === undefined) model.delete(at)
          else model.set(at, value)
        }
        for (const each of commands) {
          if (each.kind === 'write') set(each.key, each.value)
          else if (each.kind === 'checkpoint') {
            const frozen = new Map(model)
            const snapshot = subtasks.begin()
            for (const [at, value] of each.meanwhile) set(at, value)
            await snapshot.end(each.how)
            if (each.how === 'complete') complete = frozen
          } else {
            await subtasks.start(each.parallelism)
            model.clear()
            for (const [at, value] of complete) model.set(at, value)
          }
          expect(contents(subtasks.stores)).toEqual(new Map([...model].sort(([a], [b]) => a - b)))
        }
        for (const store of subtasks.stores) store.close()
      }),
      { numRuns: cases(40) },
    )
  })
})
