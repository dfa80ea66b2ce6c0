/**
 * The RocksDB backend against the plain model of the heap backend, with a cache so small that every key leaves it again and
 * again; from one backend to the other and back; and what is its own: timers beyond memory, lifetimes, damaged files.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { KeyedStateBackend, StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { createRocksDbBackend } from '../../../../taskmanager/state/rocksdb/backend.ts'
import { command, keys, runBesideModel } from './model.ts'
import { checkpointDirectory } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

let opened = 0
const small = (options: StateBackendOptions, memoryBytes = 4096): KeyedStateBackend =>
  createRocksDbBackend(options, { directory: join(directory.path, `db-${opened++}`), memoryBytes })

describe.each(['number', 'string', 'any'] as const)('keyed state in RocksDB by %s keys', (type) => {
  test('equals a plain model through writes, snapshots, aborts and restores', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command(keys[type]), { maxLength: 40 }), (commands) =>
        runBesideModel(directory.path, type, (options) => small(options), false, commands),
      ),
      { numRuns: 40 },
    )
  }, 60_000)

  test('goes from one backend to the other and back', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(command(keys[type]), { maxLength: 40 }), (commands) =>
        runBesideModel(
          directory.path,
          type,
          (options, start) => (start % 2 === 0 ? createKeyedStateBackend(options) : small(options)),
          false,
          commands,
        ),
      ),
      { numRuns: 25 },
    )
  }, 60_000)
})
