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
  reading.close()
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
        log.clear()
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
    reading.close()
    expect(readAll(log, 1, 1).entries).toBe(2)
    log.clear()
  })

  test('come in frames whose numbers say whether they were there at a mark', () => {
    const { log } = logOf()
    const note = (n: number): void => log.append(1 + (n % 2), n, 0, Buffer.alloc(0), Buffer.alloc(0), Buffer.alloc(10))
    expect(log.oldest).toBeGreaterThan(log.mark())
    for (let n = 0; n < 5000; n++) note(n)
    const mark = log.mark()
    for (let n = 5000; n < 10_000; n++) note(n)
    const counts = { before: 0, after: 0 }
    const reading = log.read(1, 2)
    for (let next = reading.next(); next.done !== true; next = reading.next())
      counts[(next.value.frame ?? 0) <= mark ? 'before' : 'after'] += next.value.entries
    reading.close()
    expect(counts).toEqual({ before: 5000, after: 5000 })
    log.dropBefore(2)
    expect(log.oldest).toBeLessThanOrEqual(mark)
    log.dropBefore(3)
    expect(log.oldest).toBeGreaterThan(log.mark())
  })

  test('are read to the end when they are forgotten meanwhile, and their files go with the reading', () => {
    const { log, path } = logOf()
    for (let n = 0; n < 3000; n++) log.append(n % 3, n, 0, Buffer.alloc(9), Buffer.alloc(0), Buffer.alloc(30))
    const reading = log.read(0, 2)
    let entries = reading.next().value?.entries ?? 0
    log.clear()
    expect([log.bytes, log.files]).toEqual([0, 0])
    for (let next = reading.next(); next.done !== true; next = reading.next()) entries += next.value.entries
    expect(entries).toBe(3000)
    reading.close()
    expect(systemDisk.list(path)).toEqual([])
  })

  test('are as many bytes as their files have', () => {
    const { log, path } = logOf()
    for (let n = 0; n < 3000; n++) log.append(n % 3, n, 0, Buffer.alloc(9), Buffer.alloc(0), Buffer.alloc(30))
    log.mark()
    const size = (): number =>
      systemDisk.list(path).reduce((sum, name) => sum + systemDisk.read(join(path, name)).length, 0)
    expect([log.files, log.bytes]).toEqual([3, size()])
    log.dropBefore(1)
    expect([log.files, log.bytes]).toEqual([2, size()])
    log.clear()
  })

  test('of a file that was cut are an error that names the directory', () => {
    const { log, path } = logOf()
    log.append(1, 1, 0, Buffer.alloc(10), Buffer.alloc(0), Buffer.alloc(90))
    const reading = log.read(1, 1)
    systemDisk.write(join(path, '1'), '')
    expect(() => reading.next()).toThrow(expect.objectContaining({ code: 'STATE_ROCKSDB_FAILED' }))
    reading.close()
    log.clear()
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
