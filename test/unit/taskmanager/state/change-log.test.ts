/**
 * What waits for snapshots beside RocksDB: comes back as it was noted, oldest epoch first; and the text that values
 * are in RocksDB.
 */
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { systemDisk } from '../../../../core/platform/disk.ts'
import { entryKind, entryStartBytesMax, writeEntryHead } from '../../../../proto/checkpoint/runs/run.ts'
import { asciiLength, bytesOfAscii, fromAscii, toAscii } from '../../../../taskmanager/state/rocksdb/ascii.ts'
import { ChangeLog } from '../../../../taskmanager/state/rocksdb/change-log.ts'
import { checkpointDirectory } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

let made = 0
const logOf = (): { log: ChangeLog; path: string } => {
  const path = join(directory.path, `log-${made++}`)
  return { log: new ChangeLog(systemDisk, path), path }
}

const bytes = fc.uint8Array({ maxLength: 40 })
const version = fc.record({
  epoch: fc.integer({ min: 1, max: 4 }),
  hash: fc.integer(),
  state: fc.integer({ min: 0, max: 300 }),
  key: bytes,
  namespace: bytes,
  value: fc.option(fc.oneof(bytes, fc.uint8Array({ minLength: 70_000, maxLength: 70_001, size: 'max' })), {
    nil: undefined,
  }),
})
type Version = typeof version extends fc.Arbitrary<infer T> ? T : never

function encoded({ hash, state, key, namespace, value }: Version): Buffer {
  const head = Buffer.alloc(entryStartBytesMax)
  const kind = value === undefined ? entryKind.tombstone : entryKind.put
  const end = writeEntryHead(head, 0, hash, state, kind, key.length, namespace.length, value?.length ?? 0)
  return Buffer.concat([head.subarray(0, end), key, namespace, value ?? Buffer.alloc(0)])
}

function readAll(log: ChangeLog, from: number, through: number): { bytes: Buffer; entries: number; gone: number } {
  const reading = log.read(from, through)
  const parts: Buffer[] = []
  let entries = 0
  let gone = 0
  for (let next = reading.next(); next.done !== true; next = reading.next()) {
    parts.push(Buffer.from(next.value.bytes))
    entries += next.value.entries
    if (next.value.gone) gone++
  }
  return { bytes: Buffer.concat(parts), entries, gone }
}

describe('versions that have left the cache', () => {
  test('come back encoded as in runs, oldest epoch first, and are forgotten by epoch', () => {
    fc.assert(
      fc.property(fc.array(version, { maxLength: 30 }), fc.integer({ min: 1, max: 4 }), (versions, from) => {
        const { log, path } = logOf()
        for (const { epoch, hash, state, key, namespace, value } of versions)
          log.append(epoch, hash, state, key, namespace, value)
        const since = (first: number): Version[] =>
          versions.filter(({ epoch }) => epoch >= first).sort((a, b) => a.epoch - b.epoch)
        const expected = since(from)
        const found = readAll(log, from, 4)
        expect(found.entries).toBe(expected.length)
        expect(found.bytes.equals(Buffer.concat(expected.map(encoded)))).toBe(true)
        expect(found.gone > 0).toBe(expected.some(({ value }) => value === undefined))
        log.dropBefore(from)
        expect(readAll(log, 1, 4).entries).toBe(expected.length)
        log.close()
        expect(systemDisk.exists(path) ? systemDisk.list(path) : []).toEqual([])
      }),
      { numRuns: 60 },
    )
  })

  test('are those that were there when the reading began', () => {
    const { log } = logOf()
    const note = (n: number): void => log.append(1, n, 0, Buffer.from([n]), Buffer.alloc(0), Buffer.from([n]))
    note(1)
    const reading = log.read(1, 1)
    note(2)
    expect(reading.next().value?.entries).toBe(1)
    expect(reading.next().done).toBe(true)
    expect(readAll(log, 1, 1).entries).toBe(2)
    log.close()
  })

  test('are counted by epoch, and come with the number of those before them', () => {
    const { log } = logOf()
    for (let i = 0; i < 5000; i++) log.append(1 + (i % 2), i, 0, Buffer.from([i]), Buffer.alloc(0), Buffer.alloc(10))
    expect(log.counts()).toEqual(
      new Map([
        [1, 2500],
        [2, 2500],
      ]),
    )
    const places: { epoch: number; before: number; entries: number }[] = []
    const reading = log.read(1, 2)
    for (let next = reading.next(); next.done !== true; next = reading.next()) {
      const { place, entries } = next.value
      if (place !== undefined) places.push({ ...place, entries })
    }
    expect(places.length).toBeGreaterThan(4)
    let before = 0
    for (const [i, place] of places.entries()) {
      if (place.epoch !== places[i - 1]?.epoch) before = 0
      expect(place.before).toBe(before)
      before += place.entries
    }
    log.close()
  })

  test('of a file that was cut are an error that names the directory', () => {
    const { log, path } = logOf()
    log.append(1, 1, 0, Buffer.alloc(10), Buffer.alloc(0), Buffer.alloc(90))
    const reading = log.read(1, 1)
    systemDisk.write(join(path, '1'), '')
    expect(() => reading.next()).toThrow(expect.objectContaining({ code: 'STATE_ROCKSDB_FAILED' }))
    log.close()
  })
})

describe('values as text', () => {
  test('are the bytes that they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (given) => {
        const out = Buffer.alloc(200)
        const length = toAscii(given, out)
        expect([length, bytesOfAscii(length)]).toEqual([asciiLength(given.length), given.length])
        expect(out.subarray(0, length).every((byte) => byte < 128)).toBe(true)
        const back = Buffer.alloc(given.length + 1)
        expect(fromAscii(out.toString('utf8', 0, length), back, 1)).toBe(given.length + 1)
        expect(back.subarray(1)).toEqual(Buffer.from(given))
      }),
    )
  })
})
