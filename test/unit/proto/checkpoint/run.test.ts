/** Sorted runs: whatever goes in comes out, in order, by range, merged, compacted; and damage is noticed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openStorage } from '../../../../core/storage/open-storage.ts'
import type { BlobStorage } from '../../../../core/storage/storage.ts'
import type { RunHandle } from '../../../../proto/checkpoint/manifest.ts'
import {
  compactChain,
  compactionOf,
  entryKind,
  mergeRuns,
  openChain,
  RunReader,
  RunWriter,
  saveRun,
  saveRunSync,
} from '../../../../proto/checkpoint/runs/run.ts'
import { cases } from '../../../support/nightly.ts'
import { memoryStorage } from './memory-storage.ts'
import {
  applyRuns,
  buildRun,
  compareModels,
  id,
  inOrder,
  type ModelEntry,
  type ModelRun,
  readModels,
  runArbitrary,
} from './run-model.ts'

const { put, tombstone, drop } = entryKind
const all = { from: 0, to: 65536 } as const
const none = new Uint8Array(0)
const b = (text: string): Uint8Array => Buffer.from(text)

let directory: string
let storage: BlobStorage
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-run-'))
  storage = openStorage(directory)
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

/** A run of `count` keys over all ranges, in blocks of `blockBytes`. */
function wide(count: number, options: Partial<ConstructorParameters<typeof RunWriter>[0]> = {}): RunWriter {
  const writer = new RunWriter({ ...all, kind: 'base', ...options })
  const step = Math.floor(2 ** 32 / count)
  for (let i = 0; i < count; i++) writer.append(i * step, 0, put, b(`key-${i}`), none, b(`value of ${i}`))
  return writer
}

describe('a run', () => {
  it('gives back what was added', () => {
    fc.assert(
      fc.property(
        runArbitrary([put, tombstone, drop]),
        fc.constantFrom(64, 65536),
        fc.boolean(),
        (model, blockBytes, small) => {
          const { reader } = buildRun(model, {
            ...all,
            kind: 'delta',
            blockBytes,
            compression: small ? 'small' : 'none',
          })
          const last = new Map<string, ModelEntry>()
          for (const entry of model.entries) {
            const kept = entry.kind === put ? entry : { ...entry, value: '' }
            last.set(`${id(entry)}/${entry.kind === drop}`, kept)
          }
          expect(readModels(reader.ranges())).toEqual([...last.values()].sort(compareModels))
          expect(reader.drops.map((each) => [each.state, Buffer.from(each.namespace).toString()])).toEqual(
            model.drops.map((each) => [each.state, each.namespace]),
          )
        },
      ),
    )
  })

  it('gives exactly the entries of the ranges that are asked for', () => {
    fc.assert(
      fc.property(runArbitrary([put]), fc.nat(65536), fc.nat(65536), (model, x, y) => {
        const [from, to] = [Math.min(x, y), Math.max(x, y)]
        const { reader } = buildRun(model, { ...all, kind: 'base', blockBytes: 64 })
        const wanted = readModels(reader.ranges()).filter(
          (entry) => entry.hash >= from * 65536 && entry.hash < to * 65536,
        )
        expect(readModels(reader.ranges(from, to))).toEqual(wanted)
      }),
    )
  })

  it('is read in the blocks that hold the ranges, and no others', async () => {
    const memory = memoryStorage()
    const handle = await saveRun(memory, 'r', wide(20_000, { blockBytes: 4096, compression: 'none' }))
    const reader = await RunReader.open(memory, handle)
    memory.reads.length = 0
    expect(() => [...reader.ranges(100, 200)]).toThrow(expect.objectContaining({ code: 'CHECKPOINT_NOT_LOADED' }))
    await reader.load(100, 200)
    const found = readModels(reader.ranges(100, 200))
    expect(found).toHaveLength(
      Math.ceil((200 * 65536) / Math.floor(2 ** 32 / 20_000)) - Math.ceil((100 * 65536) / Math.floor(2 ** 32 / 20_000)),
    )
    expect(memory.reads.reduce((sum, [, length]) => sum + length, 0)).toBeLessThan(3 * 4096)
  })

  it('refuses entries out of order, twice, outside of its ranges, and deletions in a base', () => {
    const writer = new RunWriter({ from: 0, to: 1, kind: 'base' })
    writer.append(5, 0, put, b('b'), none)
    expect(() => writer.append(4, 0, put, b('b'), none)).toThrow('out of order')
    expect(() => writer.append(5, 0, put, b('a'), none)).toThrow('out of order')
    expect(() => writer.append(5, 0, put, b('b'), none)).toThrow('out of order')
    expect(() => writer.append(65536, 0, put, b('b'), none)).toThrow('outside')
    expect(() => writer.append(6, 0, tombstone, b('b'), none)).toThrow('values only')
  })

  it('stands in its handle when it is small, and in a file otherwise', async () => {
    const small = await saveRun(storage, 'small.run', wide(3))
    expect(small.path).toBe('')
    expect(await storage.exists('small.run')).toBe(false)
    expect([...(await RunReader.open(storage, small)).ranges()]).toHaveLength(3)
    const large = saveRunSync(storage.sync ?? expect.fail('blocking reads'), 'large.run', wide(5000))
    expect(large).toMatchObject({
      path: 'large.run',
      entries: 5000,
      kind: 'base',
      bytes: await storage.size('large.run'),
    })
    const reader = await RunReader.open(storage, large)
    let entries = 0
    for (const _ of reader.ranges()) entries++
    expect(entries).toBe(5000)
  })

  it('that is not the one of the handle is an error', async () => {
    const handle = await saveRun(storage, 'one.run', wide(4000))
    await saveRun(storage, 'one.run', wide(4000, { compression: 'none' }))
    await expect(RunReader.open(storage, handle)).rejects.toMatchObject({ code: expect.stringMatching(/^CHECKPOINT_/) })
    await saveRun(storage, 'one.run', wide(4000))
    await expect(RunReader.open(storage, { ...handle, crc: handle.crc ^ 1 })).rejects.toMatchObject({
      code: 'CHECKPOINT_RUN_MISMATCH',
    })
    await expect(RunReader.open(storage, { ...handle, path: 'gone.run' })).rejects.toMatchObject({
      code: 'STORAGE_NOT_FOUND',
    })
  })

  it('notices every flipped bit and every cut', () => {
    const writer = wide(400, { blockBytes: 1024 })
    writer.finish()
    const bytes = Buffer.concat(writer.take())
    const read = (data: Buffer): void => {
      const reader = RunReader.fromBytes(data, 'run')
      for (const _ of reader.ranges());
    }
    read(bytes)
    const coded = expect.objectContaining({
      code: expect.stringMatching(/^CHECKPOINT_(ALTERED|TRUNCATED|WRONG_MAGIC|NEWER_VERSION|MALFORMED)$/),
    })
    for (let bit = 0; bit < bytes.length * 8; bit += 3) {
      const altered = Buffer.from(bytes)
      altered[bit >> 3] ^= 1 << (bit & 7)
      expect(() => read(altered), `bit ${bit}`).toThrow(coded)
    }
    for (let length = 0; length < bytes.length; length += 7)
      expect(() => read(bytes.subarray(0, length))).toThrow(coded)
  })
})

describe('a chain', () => {
  const chainArbitrary = fc
    .tuple(runArbitrary([put]), fc.array(runArbitrary([put, tombstone, drop]), { maxLength: 4 }))
    .map(([base, deltas]) => [base, ...deltas])
  const open = (models: readonly ModelRun[]) =>
    models
      .map((model, i) => ({
        reader: buildRun(model, { ...all, kind: i === 0 ? 'base' : 'delta', blockBytes: 128 }).reader,
        ...all,
      }))
      .reverse()

  it('merges to what a map holds after all changes', () => {
    fc.assert(
      fc.property(chainArbitrary, (models) => {
        const wanted = [...applyRuns(models).values()].sort(compareModels)
        expect(readModels(mergeRuns(open(models)))).toEqual(wanted)
      }),
      { numRuns: cases(80) },
    )
  })

  it('counts each run in the ranges of its handle only', () => {
    fc.assert(
      fc.property(chainArbitrary, chainArbitrary, fc.constantFrom(1, 32768, 65535), (left, right, border) => {
        const clip = (models: readonly ModelRun[], from: number, to: number) =>
          open(models).map((run) => ({ ...run, from, to }))
        const within = (models: readonly ModelRun[], from: number, to: number) =>
          [...applyRuns(models).values()].filter((entry) => entry.hash >= from * 65536 && entry.hash < to * 65536)
        const merged = readModels(mergeRuns([...clip(right, border, 65536), ...clip(left, 0, border)]))
        expect(merged).toEqual([...within(left, 0, border), ...within(right, border, 65536)].sort(compareModels))
      }),
    )
  })

  it('merged with its deletions hides the same as the runs did', () => {
    fc.assert(
      fc.property(
        chainArbitrary,
        fc.array(runArbitrary([put, tombstone, drop]), { minLength: 1, maxLength: 3 }),
        (old, deltas) => {
          const newer = open(deltas.length > 0 ? [{ entries: [], drops: [] }, ...deltas] : [])
          const writer = new RunWriter({ ...all, kind: 'delta' })
          for (const run of newer) for (const each of run.reader.drops) writer.dropNamespace(each.state, each.namespace)
          for (const at of mergeRuns(newer, { keepTombstones: true })) {
            writer.append(at.hash, at.state, at.kind as 0, at.key, at.namespace, at.value)
          }
          writer.finish()
          const merged = { reader: RunReader.fromBytes(Buffer.concat(writer.take()), 'merged'), ...all }
          const wanted = [...applyRuns([...old, ...deltas]).values()].sort(compareModels)
          expect(readModels(mergeRuns([merged, ...open(old)]))).toEqual(wanted)
        },
      ),
    )
  })

  it('is merged when it is long or its deltas outweigh its bases', () => {
    const handle = (kind: 'base' | 'delta', bytes: number): RunHandle => ({
      path: 'x',
      bytes,
      entries: 1,
      crc: 0,
      ...all,
      kind,
    })
    const base = handle('base', 100)
    const deltas = (count: number, bytes: number): RunHandle[] =>
      Array.from({ length: count }, () => handle('delta', bytes))
    expect(compactionOf([], all)).toBe(undefined)
    expect(compactionOf([base], all)).toBe(undefined)
    expect(compactionOf([base, handle('delta', 100)], all)).toBe(undefined)
    expect(compactionOf([base, ...deltas(2, 60)], all)).toBe(0)
    expect(compactionOf([base, ...deltas(7, 1)], all)).toBe(undefined)
    expect(compactionOf([base, ...deltas(8, 1)], all)).toBe(1)
    // Larger ones are left alone, one that is larger among the newest is not.
    expect(compactionOf([base, handle('delta', 20), ...deltas(7, 1)], all)).toBe(2)
    expect(compactionOf([base, ...deltas(6, 1), handle('delta', 20), handle('delta', 1)], all)).toBe(1)
    // What others wrote, and bases, are merged with everything or not at all.
    const other = { ...handle('delta', 1), to: 5 }
    expect(compactionOf([base, ...deltas(1, 1), other, ...deltas(6, 1)], all)).toBe(3)
    expect(compactionOf([base, ...deltas(5, 1), other, ...deltas(2, 1)], all)).toBe(0)
    expect(compactionOf([...Array.from({ length: 8 }, () => base), ...deltas(3, 1)], all)).toBe(0)
  })

  it('says the same when its newest runs are merged into one', async () => {
    const kinds = [put, tombstone, drop]
    await fc.assert(
      fc.asyncProperty(
        runArbitrary([put]),
        fc.array(runArbitrary(kinds), { minLength: 1, maxLength: 6 }),
        fc.nat(),
        async (base, deltas, at) => {
          const models = [base, ...deltas]
          const handles = await Promise.all(
            models.map(async (model, i) => {
              const writer = new RunWriter({ ...all, kind: i === 0 ? 'base' : 'delta' })
              for (const each of model.drops) writer.dropNamespace(each.state, b(each.namespace))
              for (const { hash, state, kind, key, namespace, value } of inOrder(model.entries))
                writer.append(hash, state, kind, b(key), b(namespace), b(value))
              return saveRun(storage, 'never', writer, 1 << 20)
            }),
          )
          const first = 1 + (at % deltas.length)
          const merged = await compactChain(storage, handles, { ...all, path: 'never', inlineBytesMax: 1 << 20 }, first)
          expect(merged.length).toBe(first + 1)
          const wanted = [...applyRuns(models).values()].sort(compareModels)
          expect(readModels(mergeRuns(await openChain(storage, merged)))).toEqual(wanted)
        },
      ),
      { numRuns: cases(60) },
    )
  })

  it.each([10, 200_000])('of %i entries is compacted into one base of the same entries', async (count) => {
    const base = await saveRun(storage, `base-${count}.run`, wide(count, { compression: 'none' }))
    const writer = new RunWriter({ ...all, kind: 'delta' })
    const step = Math.floor(2 ** 32 / count)
    for (let i = 0; i < count; i += 2)
      writer.append(i * step, 0, i % 4 === 0 ? tombstone : put, b(`key-${i}`), none, b('new'))
    const delta = await saveRun(storage, `delta-${count}.run`, writer)
    let turns = 0
    const [compacted] = await compactChain(storage, [base, delta], {
      from: 0,
      to: 32768,
      path: `new-${count}.run`,
      compression: 'none',
      pause: async () => void turns++,
    })
    expect(compacted).toMatchObject({ kind: 'base', from: 0, to: 32768 })
    expect(compacted.path).toBe(count === 10 ? '' : `new-${count}.run`)
    expect(turns > 10).toBe(count > 10)
    const merged = await openChain(storage, [base, delta])
    const compactedRun = await openChain(storage, [compacted])
    const left = mergeRuns(compactedRun)
    let entries = 0
    for (const at of mergeRuns(merged, { from: 0, to: 32768 })) {
      const other = left.next().value
      entries++
      if (other === undefined || at.compare(other) !== 0 || Buffer.compare(at.value, other.value) !== 0)
        expect.fail(`entry ${entries} differs`)
    }
    expect(left.next().done).toBe(true)
    expect(entries).toBe(compacted.entries)
  })

  it('leaves nothing behind when compaction is given up', async () => {
    const base = await saveRun(storage, 'given-up-base.run', wide(200_000, { compression: 'none' }))
    let turns = 0
    const pause = async (): Promise<void> => {
      if (++turns > 20) throw new Error('enough')
    }
    await expect(
      compactChain(storage, [base], { ...all, path: 'given-up.run', compression: 'none', pause }),
    ).rejects.toThrow('enough')
    expect((await storage.list('given-up')).map((entry) => entry.path)).toEqual(['given-up-base.run'])
  })
})
