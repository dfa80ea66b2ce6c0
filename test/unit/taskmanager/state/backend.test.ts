/**
 * The heap backend against a plain model: every kind of state, with snapshots that complete, fail or are overtaken by
 * writes, and restores at any parallelism.
 */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { cases } from '../../../support/nightly.ts'
import { command, keys, runBesideModel } from './model.ts'
import { checkpointDirectory, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

describe.each(['number', 'string', 'any'] as const)('keyed state by %s keys', (type) => {
  test.each([false, true])(
    'equals a plain model through writes, snapshots, aborts and restores (twin: %s)',
    async (twin) => {
      await fc.assert(
        fc.asyncProperty(fc.array(command(keys[type]), { maxLength: 40 }), (commands) =>
          runBesideModel(directory.path, type, (options) => createKeyedStateBackend(options, twin), true, commands),
        ),
        { numRuns: cases(twin ? 8 : 25) },
      )
    },
  )
})

describe('lifetimes', () => {
  test('expire on read, are left out of snapshots and are counted from the last write', async () => {
    const clock = new ManualClock(1000)
    const subtasks = new Subtasks(
      directory.path,
      'string',
      (options) => {
        const backend = createKeyedStateBackend(options)
        return Object.assign(backend, {
          flat: backend.value('flat', { kind: 'float64' }, 100),
          object: backend.value('object', undefined, 100),
          map: backend.map('map', undefined, undefined, 100),
        })
      },
      clock,
    )
    await subtasks.start(1)
    const [backend] = subtasks.stores
    const write = (key: string): void => {
      const ids = backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1).slice()
      backend.flat.set(ids[0], 1)
      backend.object.set(ids[0], { x: 1 })
      backend.map.set(ids[0], 'k', 1)
      backend.releaseUnused(ids, 1)
    }
    const read = (key: string): unknown[] => {
      const [store] = subtasks.stores
      const ids = store.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1).slice()
      const values = [store.flat.get(ids[0]), store.object.get(ids[0]), store.map.get(ids[0], 'k')]
      store.releaseUnused(ids, 1)
      return values
    }
    write('old')
    clock.advance(60)
    write('new')
    expect(read('old')).toEqual([1, { x: 1 }, 1])
    clock.advance(50)
    const pending = subtasks.begin()
    const ended = pending.end('complete')
    for (let i = 0; i < 50; i++) {
      await new Promise((resolve) => setImmediate(resolve))
      clock.advance(0)
    }
    await ended
    expect(read('old')).toEqual([undefined, undefined, undefined])
    expect(read('new')).toEqual([1, { x: 1 }, 1])
  })
})

describe('objects that users change in place', () => {
  test('are in a snapshot as they were at the barrier', async () => {
    const subtasks = new Subtasks(directory.path, 'number', (options) => {
      const backend = createKeyedStateBackend(options)
      return Object.assign(backend, { object: backend.value('object'), map: backend.map('map') })
    })
    await subtasks.start(1)
    const idOf = (): number => subtasks.stores[0].resolveRows({ keys: [1], hashes: Int32Array.of(testHash(1)) }, 1)[0]
    const [backend] = subtasks.stores
    backend.object.set(idOf(), { n: 1 })
    backend.map.set(idOf(), 'k', { n: 1 })
    const checkpoint = subtasks.begin()
    for (const object of [backend.object.get(idOf()), backend.map.get(idOf(), 'k')] as { n: number }[]) object.n = 2
    await checkpoint.end('complete')
    await subtasks.start(1)
    expect(subtasks.stores[0].object.get(idOf())).toEqual({ n: 1 })
    expect(subtasks.stores[0].map.get(idOf(), 'k')).toEqual({ n: 1 })
  })
})
