/** Timers that come again while a snapshot still has to say that they went. */
import { afterAll, expect, test } from 'vitest'
import type { StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { checkpointDirectory, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

const declare = (options: StateBackendOptions) => {
  const backend = createKeyedStateBackend(options)
  return Object.assign(backend, { timer: backend.timers('timer') })
}

test('a timer that fired, and is set to the same time again before the next snapshot, fires again', async () => {
  const subtasks = new Subtasks(directory.path, 'number', declare)
  await subtasks.start(1)
  const [backend] = subtasks.stores
  const idOf = (key: number): number => backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)[0]
  const fired: number[] = []
  const advance = (): boolean => backend.timer.advance('event', 100, 1000, (_, timestampMs) => fired.push(timestampMs))
  backend.timer.register('event', idOf(1), 5)
  await subtasks.begin().end('complete')
  advance()
  expect(fired).toEqual([5])
  backend.timer.register('event', idOf(1), 5)
  expect(backend.timer.next('event')).toBe(5)
  advance()
  expect(fired).toEqual([5, 5])
  // Cancelled while it waits, and set again: once, not twice.
  backend.timer.register('event', idOf(1), 7)
  backend.timer.cancel('event', idOf(1), 7)
  backend.timer.register('event', idOf(1), 7)
  advance()
  expect(fired).toEqual([5, 5, 7])
})
