/** `millrace savepoint read` and `diff`: what is in a savepoint or checkpoint, without a cluster, from either storage. */
import { jsonLine } from '../../connectors/files/format.ts'
import { formatSize, nearest } from '../../core/config/index.ts'
import { readSnapshot, type Snapshot } from '../../proto/checkpoint/savepoint.ts'
import { diffSnapshots, type StateDiff } from '../../taskmanager/state/snapshot/diff-snapshots.ts'
import { readEntries } from '../../taskmanager/state/snapshot/read-snapshot.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { snapshotLocation } from '../snapshot-location.ts'
import { type Terminal, table } from '../terminal.ts'

export interface ReadFlags {
  readonly uid?: string
  readonly state?: string
  readonly key?: string
  readonly limit?: number
}

/** One JSON object per entry and line. */
export async function readSavepoint(terminal: Terminal, path: string, flags: ReadFlags): Promise<ExitCode> {
  const snapshot = await readSnapshot(snapshotLocation(path))
  checkNames(snapshot, flags)
  const { uid, state, key, limit = Number.POSITIVE_INFINITY } = flags
  let count = 0
  let stopped = false
  const stopListening = terminal.onInterrupt(() => {
    stopped = true
  })
  try {
    const keys = key === undefined ? undefined : keysOf(key)
    if (limit > 0) {
      for await (const entry of readEntries(snapshot, { uid, state, keys })) {
        await terminal.write(Buffer.from(jsonLine(entry)))
        if (stopped || ++count >= limit) break
      }
    }
  } finally {
    stopListening()
  }
  if (count === 0 && !terminal.json)
    terminal.note(key === undefined ? 'There are no such entries.' : `Nothing is kept for the key ${key}.`)
  return exitCodes.ok
}

/** What a key on the command line may mean: the text itself, and the JSON that it is. */
function keysOf(text: string): unknown[] {
  const keys: unknown[] = [text]
  try {
    keys.push(JSON.parse(text))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  if (/^-?\d+$/.test(text)) keys.push(BigInt(text))
  return keys
}

function checkNames({ manifest }: Snapshot, { uid, state }: ReadFlags): void {
  const uids = manifest.operators.map((operator) => operator.uid)
  if (uid !== undefined && !uids.includes(uid)) throw noSuch('operator', uid, uids)
  if (state === undefined) return
  const chosen = manifest.operators.filter((operator) => uid === undefined || operator.uid === uid)
  const names = [...new Set(chosen.flatMap((operator) => operator.state.map(({ name }) => name)))]
  if (!names.includes(state)) throw noSuch('state', state, names)
}

function noSuch(what: string, name: string, known: readonly string[]): Error {
  const near = nearest(name, known)
  const suggestion = near === undefined ? `It has: ${known.join(', ') || 'none'}.` : `Did you mean ${near}?`
  return cliErrors.create('NOT_IN_SNAPSHOT', { what, name, suggestion })
}

export async function diffSavepoints(terminal: Terminal, first: string, second: string): Promise<ExitCode> {
  const a = await readSnapshot(snapshotLocation(first))
  const b = await readSnapshot(snapshotLocation(second))
  const { states, other } = await diffSnapshots(a, b)
  if (terminal.json) {
    terminal.out(JSON.stringify({ a: a.location, b: b.location, states, other }))
    return exitCodes.ok
  }
  const rows = states.map((state) => [
    state.change,
    `${state.uid}.${state.state}`,
    pair(state.entries.map(String)),
    pair(state.bytes.map(formatSize)),
    keysText(state),
  ])
  if (rows.length > 0) for (const line of table(['', 'STATE', 'ENTRIES', 'BYTES', 'KEYS'], rows)) terminal.out(line)
  for (const { uid, state, type } of states) {
    if (type[0] !== type[1] && type[0] !== undefined && type[1] !== undefined)
      terminal.out(`${uid}.${state} was ${type[0]}, is ${type[1]}`)
  }
  for (const { uid, what } of other) terminal.out(`${uid}: ${what} changed`)
  const same = other.length === 0 && states.every(({ change }) => change === 'same')
  if (same) terminal.note('They hold the same.')
  return exitCodes.ok
}

const pair = ([a, b]: readonly string[]): string => (a === b ? (a ?? '') : `${a} → ${b}`)

function keysText({ keys: { added, removed, changed } }: StateDiff): string {
  const parts = [
    [added, 'added'],
    [removed, 'removed'],
    [changed, 'changed'],
  ] as const
  return parts
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${count} ${word}`)
    .join(', ')
}
