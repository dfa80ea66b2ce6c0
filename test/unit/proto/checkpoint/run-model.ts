/** The naive meaning of runs: maps of strings. What tests hold the real ones against. */
import fc from 'fast-check'
import type { RunOptions } from '../../../../proto/checkpoint/runs/run.ts'
import { type EntryKind, entryKind, RunReader, RunWriter } from '../../../../proto/checkpoint/runs/run.ts'

export interface ModelEntry {
  readonly hash: number
  readonly state: number
  readonly kind: EntryKind
  readonly key: string
  readonly namespace: string
  readonly value: string
}

export interface ModelRun {
  readonly entries: readonly ModelEntry[]
  readonly drops: readonly { readonly state: number; readonly namespace: string }[]
}

const b = (text: string): Uint8Array => Buffer.from(text, 'latin1')

export const id = (entry: ModelEntry): string => `${entry.hash}/${entry.state}/${entry.key}/${entry.namespace}`

/** Few keys, so that runs meet; hashes that collide, at the borders of ranges. */
export const entryArbitrary = (kinds: readonly EntryKind[]): fc.Arbitrary<ModelEntry> =>
  fc.record({
    hash: fc.constantFrom(0, 1, 65535, 65536, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff),
    state: fc.constantFrom(0, 1, 65535),
    kind: fc.constantFrom(...kinds),
    key: fc.constantFrom('', 'a', 'ab', 'b', 'k'.repeat(200)),
    namespace: fc.constantFrom('', 'w', 'w1', 'w12', 'x'),
    value: fc.string({ unit: 'binary-ascii', maxLength: 40 }),
  })

export const runArbitrary = (kinds: readonly EntryKind[]): fc.Arbitrary<ModelRun> =>
  fc.record({
    entries: fc.array(entryArbitrary(kinds), { maxLength: 40 }),
    drops:
      kinds.length === 1
        ? fc.constant([])
        : fc.array(fc.record({ state: fc.constantFrom(0, 1), namespace: fc.constantFrom('', 'w1') }), { maxLength: 2 }),
  })

export function buildRun(model: ModelRun, options: RunOptions): { bytes: Buffer; reader: RunReader } {
  const writer = new RunWriter(options)
  for (const drop of model.drops) writer.dropNamespace(drop.state, b(drop.namespace))
  for (const entry of inOrder(model.entries))
    writer.append(entry.hash, entry.state, entry.kind, b(entry.key), b(entry.namespace), b(entry.value))
  writer.finish()
  const bytes = Buffer.concat(writer.take())
  return { bytes, reader: RunReader.fromBytes(bytes, 'run') }
}

/** Entries as a run has them: sorted, and of two that say the same the later one, unless one of them is a drop. */
export function inOrder(entries: readonly ModelEntry[]): ModelEntry[] {
  const last = new Map(entries.map((entry) => [`${id(entry)}/${entry.kind === entryKind.drop}`, entry]))
  return [...last.values()].sort(compareModels)
}

/** What a chain holds after all runs, oldest first, were applied. */
export function applyRuns(runs: readonly ModelRun[]): Map<string, ModelEntry> {
  const held = new Map<string, ModelEntry>()
  for (const run of runs) {
    const hides = (old: ModelEntry): boolean =>
      run.drops.some((drop) => drop.state === old.state && drop.namespace === old.namespace) ||
      run.entries.some(
        (entry) =>
          entry.kind === entryKind.drop &&
          entry.hash === old.hash &&
          entry.state === old.state &&
          entry.key === old.key &&
          old.namespace.startsWith(entry.namespace),
      )
    for (const [key, old] of held) if (hides(old)) held.delete(key)
    for (const entry of run.entries) {
      if (entry.kind === entryKind.put) held.set(id(entry), entry)
      if (entry.kind === entryKind.tombstone) held.delete(id(entry))
    }
  }
  return held
}

/** An order that the format prescribes, as a comparison of models. */
export function compareModels(a: ModelEntry, c: ModelEntry): number {
  return (
    a.hash - c.hash ||
    a.state - c.state ||
    Buffer.compare(b(a.key), b(c.key)) ||
    Buffer.compare(b(a.namespace), b(c.namespace)) ||
    Number(a.kind !== entryKind.drop) - Number(c.kind !== entryKind.drop)
  )
}

export function readModels(
  cursors: Iterable<{
    hash: number
    state: number
    kind: number
    key: Uint8Array
    namespace: Uint8Array
    value: Uint8Array
  }>,
): ModelEntry[] {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')
  const found: ModelEntry[] = []
  for (const at of cursors) {
    found.push({
      hash: at.hash,
      state: at.state,
      kind: at.kind as EntryKind,
      key: text(at.key),
      namespace: text(at.namespace),
      value: text(at.value),
    })
  }
  return found
}
