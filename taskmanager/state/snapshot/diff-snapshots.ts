/**
 * What differs between two snapshots: states that came and went, types that changed, and how many keys of each state were added,
 * removed and changed. Both are read once, side by side in the order of hashes: memory is that of one hash.
 */
import { manifestTypes } from '../../../proto/checkpoint/inspect.ts'
import type { ManifestOperator } from '../../../proto/checkpoint/manifest.ts'
import type { Snapshot } from '../../../proto/checkpoint/savepoint.ts'
import { snapshotEntries } from '../../../proto/checkpoint/snapshot-entries.ts'

export interface SnapshotDiff {
  readonly states: readonly StateDiff[]
  /** Parts without keys (positions of sources, what sinks keep) that are not the same, by uid. */
  readonly other: readonly { readonly uid: string; readonly what: string }[]
}

/** Pairs are of the first and of the second snapshot. */
export interface StateDiff {
  readonly uid: string
  readonly state: string
  readonly change: 'added' | 'removed' | 'changed' | 'same'
  /** Kind and type, for people; undefined where it is not. */
  readonly type: readonly [string | undefined, string | undefined]
  readonly entries: readonly [number, number]
  /** Of keys and values, without what runs add. */
  readonly bytes: readonly [number, number]
  readonly keys: { readonly added: number; readonly removed: number; readonly changed: number }
}

/** All entries of one hash. */
interface Group {
  readonly hash: number
  /** By state, then key; then namespace and value. */
  readonly states: Map<string, Map<string, Map<string, string>>>
}

class Tally {
  readonly entries: [number, number] = [0, 0]
  readonly bytes: [number, number] = [0, 0]
  readonly keys = { added: 0, removed: 0, changed: 0 }
}

export async function diffSnapshots(a: Snapshot, b: Snapshot): Promise<SnapshotDiff> {
  const uids = new Set([...a.manifest.operators, ...b.manifest.operators].map(({ uid }) => uid))
  const states: StateDiff[] = []
  const other: { uid: string; what: string }[] = []
  for (const uid of uids) {
    const both = [a, b].map(({ manifest }) => manifest.operators.find((each) => each.uid === uid))
    const tallies = await compareOperators([a, b], both)
    const types = both.map((operator) => manifestTypes(operator))
    for (const state of new Set([...types[0].keys(), ...types[1].keys()])) {
      const type = [types[0].get(state), types[1].get(state)] as const
      const tally = tallies.get(state) ?? new Tally()
      const { added, removed, changed } = tally.keys
      const same = type[0] === type[1] && added + removed + changed === 0
      const change = type[0] === undefined ? 'added' : type[1] === undefined ? 'removed' : same ? 'same' : 'changed'
      states.push({ uid, state, change, type, entries: tally.entries, bytes: tally.bytes, keys: tally.keys })
    }
    for (const what of ['splits', 'operatorState', 'committables'] as const) {
      const [first, second] = both.map((operator) => JSON.stringify(partsOf(operator, what)))
      if (first !== second) other.push({ uid, what: what === 'operatorState' ? 'operator state' : what })
    }
  }
  return { states, other }
}

function partsOf(operator: ManifestOperator | undefined, what: 'splits' | 'operatorState' | 'committables'): string[] {
  const parts = operator?.subtasks.flatMap((subtask): unknown => subtask[what] ?? []) ?? []
  // Which subtask has what depends on the parallelism.
  return parts.map((part) => JSON.stringify(part)).sort()
}

async function compareOperators(
  snapshots: readonly Snapshot[],
  operators: readonly (ManifestOperator | undefined)[],
): Promise<ReadonlyMap<string, Tally>> {
  const tallies = new Map<string, Tally>()
  const readers = snapshots.map(({ root }, side) => {
    const operator = operators[side]
    return operator === undefined ? undefined : groupsOf(root, operator)
  })
  const next = async (side: number): Promise<Group | undefined> => {
    const step = await readers[side]?.next()
    return step === undefined || step.done === true ? undefined : step.value
  }
  let first = await next(0)
  let second = await next(1)
  while (first !== undefined || second !== undefined) {
    const hash = Math.min(first?.hash ?? Number.POSITIVE_INFINITY, second?.hash ?? Number.POSITIVE_INFINITY)
    const mine = first?.hash === hash ? first : undefined
    const theirs = second?.hash === hash ? second : undefined
    compareGroups(tallies, mine, theirs)
    if (mine !== undefined) first = await next(0)
    if (theirs !== undefined) second = await next(1)
  }
  return tallies
}

async function* groupsOf(root: string, operator: ManifestOperator): AsyncGenerator<Group, void, void> {
  let group: Group | undefined
  for await (const entry of snapshotEntries(root, operator)) {
    if (group !== undefined && group.hash !== entry.hash) {
      yield group
      group = undefined
    }
    group ??= { hash: entry.hash, states: new Map() }
    const state = operator.state[entry.state]?.name ?? `number ${entry.state}`
    const keys = entryOf(group.states, state, () => new Map<string, Map<string, string>>())
    const namespaces = entryOf(keys, latin1(entry.key), () => new Map<string, string>())
    namespaces.set(latin1(entry.namespace), latin1(entry.value))
  }
  if (group !== undefined) yield group
}

function compareGroups(tallies: Map<string, Tally>, a: Group | undefined, b: Group | undefined): void {
  for (const state of new Set([...(a?.states.keys() ?? []), ...(b?.states.keys() ?? [])])) {
    const tally = entryOf(tallies, state, () => new Tally())
    const first = a?.states.get(state)
    const second = b?.states.get(state)
    for (const key of new Set([...(first?.keys() ?? []), ...(second?.keys() ?? [])])) {
      const before = first?.get(key)
      const after = second?.get(key)
      count(tally, 0, key, before)
      count(tally, 1, key, after)
      if (before === undefined) tally.keys.added++
      else if (after === undefined) tally.keys.removed++
      else if (!sameEntries(before, after)) tally.keys.changed++
    }
  }
}

function count(tally: Tally, side: 0 | 1, key: string, entries: ReadonlyMap<string, string> | undefined): void {
  for (const [namespace, value] of entries ?? []) {
    tally.entries[side]++
    tally.bytes[side] += key.length + namespace.length + value.length
  }
}

function sameEntries(a: ReadonlyMap<string, string>, b: ReadonlyMap<string, string>): boolean {
  if (a.size !== b.size) return false
  for (const [namespace, value] of a) if (b.get(namespace) !== value) return false
  return true
}

function entryOf<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

const latin1 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
