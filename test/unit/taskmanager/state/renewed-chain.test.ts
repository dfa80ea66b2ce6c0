/**
 * State in memory that is numbers only is written as a whole when merging its runs would cost more: nothing of the old runs is read,
 * and nothing is lost on the way.
 */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { cases } from '../../../support/nightly.ts'
import { checkpointDirectory, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

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

/** 5000 keys, a tenth of them written before each checkpoint, until the chain has too many runs. */
async function manyChanges(
  root: string,
): Promise<{ subtasks: Subtasks<Backend>; backend: Backend; change: () => void }> {
  const subtasks = new Subtasks(root, 'number', declare)
  await subtasks.start(1, false, 'one')
  const [backend] = subtasks.stores
  for (let key = 0; key < 5000; key++) write(backend, key, key)
  let round = 0
  const change = (): void => {
    round++
    for (let key = round * 7; key < 5000; key += 10) write(backend, key, -round)
  }
  const lengths: number[] = []
  while ((lengths.at(-1) ?? 0) < 9 && lengths.length < 20) {
    await subtasks.begin().end('complete')
    lengths.push(subtasks.complete?.length ?? 0)
    change()
  }
  expect(lengths).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  return { subtasks, backend, change }
}

describe('a chain with many changes', () => {
  test('is replaced by all there is, without a look at what it was', async () => {
    const root = join(directory.path, 'gone')
    const { subtasks, backend, change } = await manyChanges(root)
    // What would be merged is not there any more.
    rmSync(root, { recursive: true })
    for (let key = 0; key < 5000; key += 50) write(backend, key, undefined)
    const snapshot = subtasks.begin()
    // Written while it is being written: it has what was.
    const expected = contents(subtasks.stores)
    for (let key = 1; key < 5000; key += 3) write(backend, key, 12_345)
    await snapshot.end('complete')
    expect(subtasks.complete?.map(({ kind, entries }) => [kind, entries])).toEqual([['base', 4900]])
    change()
    const now = contents(subtasks.stores)
    await subtasks.start(2)
    expect(contents(subtasks.stores)).toEqual(expected)
    expect(now).not.toEqual(expected)
  })

  test('that was about to be replaced when the snapshot failed is so by the next', async () => {
    const { subtasks, change } = await manyChanges(join(directory.path, 'failed'))
    const lengths: number[] = []
    for (const how of ['abort', 'late-abort', 'complete'] as const) {
      change()
      lengths.push(subtasks.complete?.length ?? 0)
      await subtasks.begin().end(how)
    }
    expect([...lengths, subtasks.complete?.length]).toEqual([9, 9, 9, 1])
    const expected = contents(subtasks.stores)
    await subtasks.start(1)
    expect(contents(subtasks.stores)).toEqual(expected)
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
