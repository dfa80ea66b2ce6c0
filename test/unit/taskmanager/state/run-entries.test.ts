/** Entries that are collected in any order come out as the blocks of a run, by the kernels and by their twins. */

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KeyRanges, rangesOf } from '../../../../proto/checkpoint/ranges.ts'
import { entryKind, RunReader, RunWriter } from '../../../../proto/checkpoint/runs/run.ts'
import { StateMemory } from '../../../../taskmanager/state/memory.ts'
import { RunEntries } from '../../../../taskmanager/state/snapshot/run-entries.ts'
import { cases } from '../../../support/nightly.ts'
import { inOrder, type ModelEntry, readModels, runArbitrary } from '../../proto/checkpoint/run-model.ts'

const { put, tombstone, drop } = entryKind
const all: KeyRanges = { from: 0, to: 65536 }
const b = (text: string): Uint8Array => Buffer.from(text, 'latin1')

function collect(entries: Iterable<ModelEntry>, memory: StateMemory, range = all): RunEntries {
  const collected = new RunEntries(range, memory)
  for (const { hash, state, kind, key, namespace, value } of entries)
    collected.add(hash | 0, state, kind, b(key), b(namespace), b(value))
  return collected
}

/** The bytes of a run of what was collected. */
function runOf(collected: RunEntries, range: KeyRanges, base: boolean): Buffer {
  const writer = new RunWriter({ ...range, kind: base ? 'base' : 'delta' })
  for (const block of collected.blocks(base)) if (block !== undefined) writer.addBlock(block)
  collected.free()
  writer.finish()
  return Buffer.concat(writer.take())
}

const read = (run: Buffer): ModelEntry[] => readModels(RunReader.fromBytes(run, 'run').ranges())

function* numbered(count: number, hashOf: (i: number) => number, value = 'some value'): Generator<ModelEntry> {
  for (let i = 0; i < count; i++)
    yield { hash: hashOf(i) >>> 0, state: 0, kind: put, key: `${i}`, namespace: '', value: `${value} ${i}` }
}

describe('entries of a run', () => {
  it.each([false, true])('come out sorted, the last of equal ones (twin: %s)', (twin) => {
    const memory = new StateMemory(twin)
    fc.assert(
      fc.property(runArbitrary([put, tombstone, drop]), ({ entries }) => {
        const wanted = inOrder(entries).map((entry) => (entry.kind === put ? entry : { ...entry, value: '' }))
        expect(read(runOf(collect(entries, memory), all, false))).toEqual(wanted)
        expect(memory.usedBytes).toBe(0)
      }),
      { numRuns: cases(100) },
    )
  })

  it.each([false, true])('hide what they replace in a base too, without tombstones (twin: %s)', (twin) => {
    const memory = new StateMemory(twin)
    fc.assert(
      fc.property(runArbitrary([put, tombstone]), ({ entries }) => {
        const wanted = inOrder(entries).filter((entry) => entry.kind === put)
        expect(read(runOf(collect(entries, memory), all, true))).toEqual(wanted)
      }),
      { numRuns: cases(50) },
    )
  })

  it.each([
    ['all over the ranges', 60_000, (i: number) => Math.imul(i, 0x9e3779b1)],
    ['in a few ranges', 30_000, (i: number) => 0x70000000 + (Math.imul(i, 0x9e3779b1) >>> 14)],
    ['with one hash', 20_000, () => 0xffffffff],
    ['with few hashes', 20_000, (i: number) => 0x80000000 + ((i * 7919) % 16)],
  ])('are a run of many blocks, %s', (_, count, hashOf) => {
    const entries = [...numbered(count, hashOf)]
    const memory = new StateMemory()
    const run = runOf(collect(entries, memory), all, true)
    expect(read(run)).toEqual(inOrder(entries))
    expect(memory.usedBytes).toBe(0)
  })

  it('of one subtask are put into buckets within its ranges', () => {
    const range = { from: 21845, to: 43690 }
    const entries = [...numbered(20_000, (i) => 21845 * 65536 + ((i * 71_573) % ((43690 - 21845) * 65536)))]
    expect(read(runOf(collect(entries, new StateMemory(), range), range, false))).toEqual(inOrder(entries))
    for (const beyond of [43690 * 65536, 21845 * 65536 - 1, 0, 0xffffffff]) {
      const write = () =>
        runOf(
          collect(
            numbered(1, () => beyond),
            new StateMemory(),
            range,
          ),
          range,
          false,
        )
      expect(write).toThrow('outside of the ranges')
    }
  })

  it.each([false, true])(
    'of one subtask are in order where many are of one key, at any parallelism (twin: %s)',
    (twin) => {
      const property = fc.property(
        fc.integer({ min: 1, max: 12 }),
        fc.nat(11),
        fc.nat(),
        (parallelism, drawn, seed) => {
          const range = rangesOf(drawn % parallelism, parallelism)
          const low = range.from * 65536
          const entries = Array.from({ length: 600 }, (_, i): ModelEntry[] => {
            const part = (Math.imul(i + seed, 0x9e3779b1) >>> 0) / 2 ** 32
            const hash = low + Math.floor(part * (range.to * 65536 - low))
            const entry = { hash, state: 3, kind: put, key: `${i}`, value: 'v' }
            return Array.from({ length: i % 5 === 0 ? 40 : 1 }, (_, n) => ({ ...entry, namespace: `${n}` }))
          }).flat()
          expect(read(runOf(collect(entries, new StateMemory(twin), range), range, false))).toEqual(inOrder(entries))
        },
      )
      fc.assert(property, { numRuns: cases(20) })
    },
  )

  it('may be longer than a block, and than a chunk of memory', () => {
    const lengths = [3_000_000, 10, 65_536, 65_500, 200_000, 0]
    const entries = lengths.map((length, i): ModelEntry => {
      const long = String(i).repeat(length)
      return { hash: i * 1000, state: 3, kind: put, key: i % 2 ? long : 'k', namespace: 'n', value: i % 2 ? 'v' : long }
    })
    const run = runOf(collect(entries, new StateMemory()), all, true)
    expect(read(run)).toEqual(inOrder(entries))
  })

  it('that are encoded already stand beside the others', () => {
    const first = [...numbered(5000, (i) => Math.imul(i, 0x9e3779b1), 'older')]
    const later = [...numbered(3000, (i) => Math.imul(i, 0x9e3779b1), 'newer')]
    const writer = new RunEntries(all, new StateMemory())
    for (const { hash, key, value } of first) writer.add(hash, 0, put, b(key), b(''), b(value))
    for (const block of collect(later, new StateMemory()).blocks(false))
      if (block !== undefined) writer.addEncoded(block.raw, block.entries)
    expect(writer.count).toBe(8000)
    expect(read(runOf(writer, all, false))).toEqual(inOrder([...first, ...later]))
  })
})
