/** What is flat stands in a run as the value codec would write it, by the kernel and by its twin, whatever the key. */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import type { DataType } from '../../../../core/columns/schema.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { openStorage } from '../../../../core/storage/open-storage.ts'
import type { RunHandle } from '../../../../proto/checkpoint/manifest.ts'
import { entryKind, mergeRuns, openChain } from '../../../../proto/checkpoint/runs/run.ts'
import type { KeyShape, StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { canonicalKey } from '../../../../taskmanager/state/keys.ts'
import { encodeStateValue } from '../../../../taskmanager/state/values.ts'
import { cases } from '../../../support/nightly.ts'
import { checkpointDirectory, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)
const ttlMs = 1000

const double = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(0, -0, NaN, 2 ** 31, -(2 ** 31), 2 ** 31 - 1, 0.5))
const kinds: [DataType, fc.Arbitrary<unknown>][] = [
  [{ kind: 'float64' }, double],
  [{ kind: 'int32' }, fc.integer()],
  [{ kind: 'int64' }, fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })],
  [{ kind: 'boolean' }, fc.boolean()],
  [{ kind: 'timestamp' }, double],
  [{ kind: 'date' }, fc.oneof(fc.date(), fc.constant(new Date(NaN)))],
]
const field = (name: string, type: DataType) => ({ name, type, nullable: false, optional: false })
// Properties whose names are numbers come first in an object.
const names = ['b', '1', 'é', '0', 'long '.repeat(40), '日本']
const struct: DataType = { kind: 'struct', fields: names.map((name, i) => field(name, kinds[i][0])) } as DataType
const structs = fc.tuple(...kinds.map(([, value]) => value)).map((values) => {
  return Object.fromEntries(names.map((name, i) => [name, values[i]]))
})
const types: [DataType, fc.Arbitrary<unknown>][] = [...kinds, [struct, structs]]

const keysOf: Record<KeyShape['type'], fc.Arbitrary<unknown>> = {
  number: double,
  string: fc.oneof(
    fc.string({ maxLength: 20 }),
    fc.string({ unit: 'binary', maxLength: 20 }),
    fc.nat(400).map((length) => 'x'.repeat(length)),
    fc.constantFrom('\ud800', 'é', '日本', 'y'.repeat(70_000), 'é'.repeat(40_000)),
  ),
  any: fc.oneof(fc.string(), double, fc.record({ a: fc.integer(), b: fc.string() })),
}

async function entriesOf(root: string, handles: readonly RunHandle[]): Promise<Map<string, string>> {
  const found = new Map<string, string>()
  for (const at of mergeRuns(await openChain(openStorage(root), handles), { keepTombstones: true })) {
    const value = at.kind === entryKind.put ? Buffer.from(at.value).toString('hex') : 'gone'
    found.set(`${at.state} ${Buffer.from(at.key).toString('hex')}`, value)
  }
  return found
}

describe.each([false, true])('a flat value in a run (twin: %s)', (twin) => {
  test.each(['number', 'string', 'any'] as const)(
    'is that of the value codec, with keys that are of type %s',
    async (type) => {
      let job = 0
      const property = fc.asyncProperty(
        fc.array(fc.tuple(keysOf[type], ...types.map(([, value]) => fc.option(value))), { maxLength: 30 }),
        async (rows) => {
          const clock = new ManualClock(5000)
          const options: StateBackendOptions = {
            key: { type, fields: ['k'], single: true },
            range: { from: 0, to: 65536 },
            states: [],
            target: { root: directory.path, jobId: `${twin}-${type}-${job++}`, epoch: 1, node: 0, subtask: 0 },
            restored: undefined,
            clock,
          }
          const backend = createKeyedStateBackend(options, twin)
          // Each type twice: as it is, and with a time to live.
          const states = types.flatMap(([type], i) => [
            backend.value(`v${i}`, type),
            backend.value(`t${i}`, type, ttlMs),
          ])
          await backend.open()
          const wanted = new Map<string, string>()
          const at = (state: number, key: unknown): string =>
            `${state} ${Buffer.from(canonicalKey(key)).toString('hex')}`
          const writeAll = (): void => {
            for (const [key, ...values] of rows) {
              const [id] = backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)
              for (const [i, value] of values.entries()) {
                if (value === null) continue
                states[2 * i].set(id, value)
                states[2 * i + 1].set(id, value)
                wanted.set(at(2 * i, key), Buffer.from(encodeStateValue(value, NaN)).toString('hex'))
                wanted.set(at(2 * i + 1, key), Buffer.from(encodeStateValue(value, clock.now())).toString('hex'))
              }
            }
          }
          const snapshot = async (id: number): Promise<readonly RunHandle[]> => {
            const { result } = backend.snapshot(id)
            let done = false
            const ended = result.finally(() => {
              done = true
            })
            while (!done) {
              clock.advance(0)
              await new Promise((resolve) => setImmediate(resolve))
            }
            const chain = await ended
            backend.notifyCheckpointComplete(id)
            return chain
          }
          writeAll()
          const first = await snapshot(1)
          expect(await entriesOf(directory.path, first)).toEqual(wanted)
          // What has expired is gone, in a delta by tombstones.
          clock.advance(ttlMs)
          for (const [key, ...values] of rows) {
            const [id] = backend.resolveRows({ keys: [key], hashes: Int32Array.of(testHash(key)) }, 1)
            for (const [i, value] of values.entries()) if (value !== null) states[2 * i].set(id, value)
          }
          const second = await snapshot(2)
          // A delta that is heavier than its base is merged with it.
          const merged = second.length === first.length
          const delta = await entriesOf(directory.path, merged ? second : second.slice(first.length))
          for (const [place, value] of wanted) {
            const expired = Number(place.split(' ')[0]) % 2 === 1
            expect(delta.get(place)).toBe(expired ? (merged ? undefined : 'gone') : value)
          }
          backend.close()
        },
      )
      await fc.assert(property, { numRuns: cases(twin ? 8 : 20) })
    },
  )
})
