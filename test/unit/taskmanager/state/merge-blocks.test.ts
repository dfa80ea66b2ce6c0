/** Runs that are merged by their blocks are what they are when merged entry by entry. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../../../core/platform/clock.ts'
import { openStorage } from '../../../../core/storage/storage.ts'
import type { RunHandle } from '../../../../proto/checkpoint/manifest.ts'
import {
  compactChain,
  entryKind,
  mergeRuns,
  openChain,
  type RunBlock,
  RunWriter,
  saveRun,
} from '../../../../proto/checkpoint/run.ts'
import { StateMemory } from '../../../../taskmanager/state/memory.ts'
import { mergeBlocks } from '../../../../taskmanager/state/merge-blocks.ts'
import { paced } from '../../../../taskmanager/state/pace.ts'
import { RunEntries } from '../../../../taskmanager/state/run-entries.ts'
import { cases } from '../../../support/nightly.ts'
import {
  applyRuns,
  compareModels,
  inOrder,
  type ModelRun,
  readModels,
  runArbitrary,
} from '../../proto/checkpoint/run-model.ts'

const { put, tombstone, drop } = entryKind
const directory = mkdtempSync(join(tmpdir(), 'millrace-merge-'))
const storage = openStorage(directory)
afterAll(() => rmSync(directory, { recursive: true, force: true }))
const all = { from: 0, to: 65536 } as const
const b = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const pace = paced(systemClock, () => undefined)
let runs = 0

async function save(model: ModelRun, base: boolean): Promise<RunHandle> {
  const writer = new RunWriter({ ...all, kind: base ? 'base' : 'delta', blockBytes: 128 })
  for (const each of model.drops) writer.dropNamespace(each.state, b(each.namespace))
  for (const { hash, state, kind, key, namespace, value } of inOrder(model.entries))
    writer.append(hash, state, kind, b(key), b(namespace), b(value))
  return saveRun(storage, `run-${runs++}`, writer)
}

const read = async (chain: readonly RunHandle[]) => readModels(mergeRuns(await openChain(storage, chain)))

describe('runs that are merged by their blocks', () => {
  test('say the same as before, as a base or as a delta, unless there are drops', async () => {
    const deltas = fc.array(fc.oneof(runArbitrary([put, tombstone]), runArbitrary([put, tombstone, drop])), {
      minLength: 1,
      maxLength: 4,
    })
    await fc.assert(
      fc.asyncProperty(runArbitrary([put]), deltas, fc.nat(), fc.boolean(), async (base, newer, at, half) => {
        const models = [base, ...newer].map((model) =>
          model.entries.some(({ kind }) => kind === drop) ? model : { ...model, drops: [] },
        )
        const saved = await Promise.all(models.map((model, i) => save(model, i === 0)))
        const range = half ? { from: 1, to: 65535 } : all
        const chain = saved.map((handle) => ({ ...handle, ...range }))
        const first = at % chain.length
        const merged = await mergeBlocks(storage, chain, first, range, `merged-${runs++}`, pace)
        const counts = ({ hash }: { hash: number }) => hash >= range.from * 65536 && hash < range.to * 65536
        const dropping = models
          .slice(first)
          .some(
            ({ entries, drops }) => drops.length > 0 || entries.some((entry) => entry.kind === drop && counts(entry)),
          )
        expect(merged === undefined).toBe(dropping)
        if (merged === undefined) return
        expect(merged.length).toBe(first + 1)
        expect(merged.at(-1)).toMatchObject({ ...range, kind: first === 0 ? 'base' : 'delta' })
        expect(await read(merged)).toEqual([...applyRuns(models).values()].filter(counts).sort(compareModels))
      }),
      { numRuns: cases(60) },
    )
  })

  test('are the same bytes of entries as merged one by one, over many slices and blocks', async () => {
    const write = async (name: string, kind: 'base' | 'delta', step: number): Promise<RunHandle> => {
      const writer = new RunWriter({ ...all, kind })
      const count = 300_000
      for (let i = 0; i < count; i += step) {
        const gone = kind === 'delta' && i % (3 * step) === 0
        const value = b(`${name} ${i} `.repeat(8))
        writer.append(i * Math.floor(2 ** 32 / count), 1, gone ? tombstone : put, b(`key ${i}`), b(''), value)
      }
      return saveRun(storage, name, writer)
    }
    const chain = [
      await write('large-base', 'base', 1),
      await write('large-1', 'delta', 7),
      await write('large-2', 'delta', 5),
    ]
    const [one] = await compactChain(storage, chain, { ...all, path: 'one-by-one' })
    const merged = await mergeBlocks(storage, chain, 0, all, 'by-blocks', pace)
    expect(merged?.[0]).toMatchObject({ path: 'by-blocks', kind: 'base', entries: one.entries })
    const left = mergeRuns(await openChain(storage, [one]))
    for (const at of mergeRuns(await openChain(storage, merged ?? []))) {
      const other = left.next().value
      if (other === undefined || at.compare(other) !== 0 || Buffer.compare(at.value, other.value) !== 0)
        expect.fail(`entry with hash ${at.hash} differs`)
    }
    expect(left.next().done).toBe(true)
  })

  test('leave nothing behind when it is given up', async () => {
    const chain = [await save({ entries: [], drops: [] }, true), await save({ entries: [], drops: [] }, false)]
    const stop = paced(systemClock, () => {
      throw new Error('enough')
    })
    await expect(mergeBlocks(storage, chain, 0, all, 'given-up', stop)).rejects.toThrow('enough')
    expect(await storage.exists('given-up')).toBe(false)
  })

  test.each([false, true])('refuse bytes that are no entries (twin: %s)', (twin) => {
    const memory = new StateMemory(twin)
    const good = Buffer.from([0, 0, 0, 0, 1, 0, put, 1, 0, 2, 0x6b, 1, 2])
    const take = (bytes: Buffer): boolean => {
      const entries = new RunEntries(all, memory)
      const block = {
        bytes,
        ...all,
        broken: () => {
          throw new Error('broken')
        },
      } as unknown as RunBlock
      try {
        return entries.addBlock(block)
      } finally {
        entries.free()
      }
    }
    expect(take(good)).toBe(true)
    for (let length = 1; length < good.length; length++) expect(() => take(good.subarray(0, length))).toThrow('broken')
    for (const at of [6, 7, 8, 9]) {
      const wrong = Buffer.from(good)
      wrong[at] = 0x7f
      expect(() => take(wrong)).toThrow('broken')
    }
    const huge = Buffer.concat([good.subarray(0, 9), Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]), Buffer.alloc(60)])
    expect(() => take(huge)).toThrow('broken')
    const twice = Buffer.concat([good.subarray(0, 7), Buffer.from('ffffffff0fffffffff0f02', 'hex'), Buffer.alloc(60)])
    expect(() => take(twice)).toThrow('broken')
  })
})
