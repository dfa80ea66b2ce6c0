/**
 * The manifest of a snapshot: everything that a job needs to go on from a checkpoint or a savepoint, apart from the entries
 * of large states, which stand in sorted runs. Its bytes: manifest-codec.ts. Pure.
 */
import type { JobPlan, OperatorPlan, StatePlan } from '../jobgraph/plan.ts'
import type { ChannelsHandle } from './channels.ts'
import { errors } from './errors.ts'
import { rangesOf } from './ranges.ts'

export const manifestVersion = 1

/**
 * A sorted run, or the part of one that counts: entries of key ranges `from` to `to` - 1. A chain of runs is oldest first;
 * an entry of a later run hides those of earlier ones in the ranges of the later handle.
 */
export interface RunHandle {
  /** Relative to the root of the storage (checkpoints) or to the savepoint's directory. Empty for an inline run. */
  readonly path: string
  /** Bytes of the whole file. */
  readonly bytes: number
  /** Entries in the whole file, tombstones included. */
  readonly entries: number
  /** CRC32C of the footer, which holds the checksums of everything else. */
  readonly crc: number
  readonly from: number
  readonly to: number
  /** A base hides nothing older: no tombstones in it. A chain begins with it, and in ranges where runs do not count with any run. */
  readonly kind: 'base' | 'delta'
  /** The file itself in base64, for a run so small that it is not worth a file. */
  readonly inline?: string | undefined
}

/** A split as it stands in a snapshot. The same shape as the SDK's. */
export interface SplitSnapshot {
  readonly splitId: string
  readonly offset: unknown
  readonly finished?: boolean
}

/** What one operator of one subtask gives for a checkpoint. JSON. */
export interface OperatorSnapshot {
  readonly node: number
  readonly uid: string
  /** The whole chain after this checkpoint, oldest first; empty for an operator without keyed state. */
  readonly runs: readonly RunHandle[]
  /** State that is not keyed: JSON. A list is a list state, handed out element by element on restore. */
  readonly operatorState?: unknown
  readonly splits?: readonly SplitSnapshot[] | undefined
  /** What a sink prepared and has not committed yet: JSON. */
  readonly committables?: readonly unknown[] | undefined
}

/** What one subtask acknowledges a checkpoint with. JSON. */
export interface SubtaskSnapshot {
  readonly operators: readonly OperatorSnapshot[]
  /** From the first barrier to the last one. */
  readonly alignmentMs: number
  readonly syncMs: number
  readonly asyncMs: number
  /** Bytes written for this checkpoint. */
  readonly bytes: number
  /** The subtask had come to the end of its input before the barrier. */
  readonly finished?: boolean | undefined
  /** The barrier did not wait for the others. */
  readonly unaligned?: boolean | undefined
  /** What it has overtaken, if anything. */
  readonly channels?: ChannelsHandle | undefined
}

export interface Manifest {
  readonly version: typeof manifestVersion
  readonly jobId: string
  readonly jobName: string
  readonly checkpointId: number
  readonly kind: 'checkpoint' | 'savepoint'
  /** Fencing epoch of the leader that took it. */
  readonly epoch: number
  /** Epoch ms at which it was complete. */
  readonly timeMs: number
  readonly plan: JobPlan
  readonly operators: readonly ManifestOperator[]
  /** What barriers have overtaken, of the subtasks that have such; always empty in a savepoint. */
  readonly channels: readonly ChannelsHandle[]
}

export interface ManifestOperator {
  readonly uid: string
  readonly node: number
  readonly name: string
  readonly kind: string
  readonly vertex: number
  readonly parallelism: number
  /** The number of a state in the entries of a run is its index here. */
  readonly state: readonly StatePlan[]
  /** One per subtask, in order. */
  readonly subtasks: readonly ManifestSubtask[]
}

export interface ManifestSubtask {
  readonly from: number
  readonly to: number
  readonly runs: readonly RunHandle[]
  readonly operatorState?: unknown
  readonly splits?: readonly SplitSnapshot[] | undefined
  readonly committables?: readonly unknown[] | undefined
  readonly finished?: boolean | undefined
}

export interface ManifestInput {
  readonly jobId: string
  readonly checkpointId: number
  readonly kind: 'checkpoint' | 'savepoint'
  readonly epoch: number
  readonly timeMs: number
  readonly plan: JobPlan
  /** By `subtaskKey(vertex, subtask)`; all subtasks of the plan. */
  readonly acks: ReadonlyMap<string, SubtaskSnapshot>
}

export const subtaskKey = (vertex: number, subtask: number): string => `${vertex}/${subtask}`

/** The manifest of a checkpoint that every subtask has acknowledged. Throws CHECKPOINT_ACK_MISSING when one has not. */
export function buildManifest(input: ManifestInput): Manifest {
  const operators: ManifestOperator[] = []
  for (const vertex of input.plan.vertices) {
    const acks = Array.from({ length: vertex.parallelism }, (_, subtask) => {
      const ack = input.acks.get(subtaskKey(vertex.id, subtask))
      if (ack === undefined) {
        throw errors.create('ACK_MISSING', { checkpoint: input.checkpointId, vertex: vertex.name, subtask })
      }
      return ack
    })
    for (const operator of vertex.operators) {
      operators.push(manifestOperator(operator, vertex.id, acks))
    }
  }
  return {
    version: manifestVersion,
    jobId: input.jobId,
    jobName: input.plan.name,
    checkpointId: input.checkpointId,
    kind: input.kind,
    epoch: input.epoch,
    timeMs: input.timeMs,
    plan: input.plan,
    operators,
    channels: [...input.acks.values()].flatMap(({ channels }) => channels ?? []),
  }
}

function manifestOperator(plan: OperatorPlan, vertex: number, acks: readonly SubtaskSnapshot[]): ManifestOperator {
  const subtasks = acks.map((ack, subtask): ManifestSubtask => {
    const given = ack.operators.find((operator) => operator.node === plan.node)
    const ranges = rangesOf(subtask, acks.length)
    return {
      ...ranges,
      runs: given?.runs ?? [],
      ...(given?.operatorState !== undefined && { operatorState: given.operatorState }),
      ...(given?.splits !== undefined && { splits: given.splits }),
      ...(given?.committables !== undefined && { committables: given.committables }),
      ...(ack.finished === true && { finished: true }),
    }
  })
  const { uid, node, name, kind, state } = plan
  return { uid, node, name, kind, vertex, parallelism: acks.length, state, subtasks }
}

/** All files of a manifest (runs and data in flight), each once; what is inline is none. */
export function runPaths(manifest: Manifest): Set<string> {
  const paths = new Set<string>()
  for (const handle of fileHandles(manifest)) if (handle.path !== '') paths.add(handle.path)
  return paths
}

/** Every handle of a manifest, of runs and of data in flight. */
export function* fileHandles(manifest: Manifest): Generator<{ readonly path: string; readonly bytes: number }> {
  yield* runHandles(manifest)
  yield* manifest.channels
}

/** Every handle of a run in a manifest, as often as it stands there. */
export function* runHandles(manifest: Manifest): Generator<RunHandle> {
  for (const operator of manifest.operators) for (const subtask of operator.subtasks) yield* subtask.runs
}
