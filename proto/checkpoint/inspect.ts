/** What is in a snapshot, for people and for programs. Pure. */
import { formatSize } from '../../core/config/index.ts'
import type { Manifest, ManifestOperator } from './manifest.ts'
import type { RestoreLine } from './restore-check.ts'
import { typeText } from './type-change.ts'

export interface SnapshotDescription {
  readonly jobId: string
  readonly jobName: string
  readonly kind: 'checkpoint' | 'savepoint'
  readonly checkpointId: number
  readonly epoch: number
  /** ISO 8601, UTC. */
  readonly time: string
  readonly formatVersion: number
  /** Bytes of all runs, each counted once. */
  readonly bytes: number
  readonly runs: number
  readonly operators: readonly OperatorDescription[]
}

export interface OperatorDescription {
  readonly uid: string
  readonly name: string
  readonly parallelism: number
  readonly states: readonly { readonly name: string; readonly kind: string; readonly type: string }[]
  readonly runs: number
  readonly bytes: number
  /** Entries in the runs, old versions and tombstones included. */
  readonly entries: number
  readonly splits: number
  readonly committables: number
}

export function describeSnapshot(manifest: Manifest): SnapshotDescription {
  const operators = manifest.operators.map(describeOperator)
  return {
    jobId: manifest.jobId,
    jobName: manifest.jobName,
    kind: manifest.kind,
    checkpointId: manifest.checkpointId,
    epoch: manifest.epoch,
    time: new Date(manifest.timeMs).toISOString(),
    formatVersion: manifest.version,
    bytes: operators.reduce((sum, operator) => sum + operator.bytes, 0),
    runs: operators.reduce((sum, operator) => sum + operator.runs, 0),
    operators,
  }
}

function describeOperator(operator: ManifestOperator): OperatorDescription {
  const handles = operator.subtasks.flatMap((subtask) => subtask.runs)
  const runs = [...new Map(handles.map((run) => [run.inline ?? run.path, run])).values()]
  return {
    uid: operator.uid,
    name: operator.name,
    parallelism: operator.parallelism,
    states: operator.state.map((state) => ({
      name: state.name,
      kind: state.kind,
      type: typeText(state.type),
    })),
    runs: runs.length,
    bytes: runs.reduce((sum, run) => sum + run.bytes, 0),
    entries: runs.reduce((sum, run) => sum + run.entries, 0),
    splits: operator.subtasks.reduce((sum, subtask) => sum + (subtask.splits?.length ?? 0), 0),
    committables: operator.subtasks.reduce((sum, subtask) => sum + (subtask.committables?.length ?? 0), 0),
  }
}

/** Kind and type of each state of an operator, by name, for people. */
export function manifestTypes(operator: ManifestOperator | undefined): ReadonlyMap<string, string> {
  return new Map(operator?.state.map(({ name, kind, type }) => [name, `${kind} of ${typeText(type)}`]))
}

/** The description as lines of text. */
export function formatSnapshot(snapshot: SnapshotDescription): string[] {
  const lines = [
    `${snapshot.kind} ${snapshot.checkpointId} of job '${snapshot.jobName}' (${snapshot.jobId})`,
    `  taken ${snapshot.time}, ${formatSize(snapshot.bytes)} in ${snapshot.runs} runs, format ${snapshot.formatVersion}`,
  ]
  for (const operator of snapshot.operators) {
    const holds: string[] = []
    if (operator.runs > 0) holds.push(`${operator.entries} entries, ${formatSize(operator.bytes)}`)
    if (operator.splits > 0) holds.push(`${operator.splits} splits`)
    if (operator.committables > 0) holds.push(`${operator.committables} pending commits`)
    lines.push(
      `  ${operator.uid} (${operator.name}, parallelism ${operator.parallelism}): ${holds.join(', ') || 'nothing'}`,
    )
    for (const state of operator.states) lines.push(`    ${state.name}: ${state.kind} of ${state.type}`)
  }
  return lines
}

/** What becomes of each state on a restore, as lines of text in columns. */
export function formatRestore(lines: readonly RestoreLine[]): string[] {
  const subject = (line: RestoreLine): string => (line.kind === 'note' ? '' : `${line.uid}.${line.state}`)
  const width = Math.max(0, ...lines.map((line) => subject(line).length))
  return lines.map((line) => {
    const name = line.kind === 'note' ? '' : `${subject(line).padEnd(width)}  `
    return `${line.kind.padEnd(8)}  ${name}${line.reason}`
  })
}
