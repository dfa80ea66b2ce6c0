/**
 * The only speller of the names of snapshot objects. All are relative to the root of a storage:
 *
 *   <jobId>/pointer                                                 register: which checkpoint is the newest
 *   <jobId>/chk-<n>/manifest                                        a checkpoint
 *   <jobId>/runs/<epoch>-<checkpoint>-<node>-<subtask>-<seq>.run    a sorted run
 *   <jobId>/runs/<epoch>-<checkpoint>-<vertex>-<subtask>-0.channels data in flight of a subtask
 *
 * A savepoint is a directory of its own, the root of its paths: `manifest`, and `runs/` with names as above. Runs carry the
 * leader's epoch, so that a deposed leader cannot write over those of its successor. Pure.
 */
import { assert } from '../../core/assert.ts'

export interface RunName {
  /** Fencing epoch of the leader that asked for the checkpoint. */
  readonly epoch: number
  readonly checkpointId: number
  /** Node number of the operator. */
  readonly node: number
  readonly subtask: number
  /** Tells several runs of one operator, subtask and checkpoint apart. */
  readonly sequence: number
}

const manifestName = 'manifest'

export const pointerPath = (jobId: string): string => `${checked(jobId)}/pointer`

export const checkpointDirectory = (jobId: string, checkpointId: number): string =>
  `${checked(jobId)}/chk-${checkpointId}`

export const checkpointManifestPath = (jobId: string, checkpointId: number): string =>
  `${checkpointDirectory(jobId, checkpointId)}/${manifestName}`

/** Prefix of all checkpoints of a job. */
export const checkpointsPrefix = (jobId: string): string => `${checked(jobId)}/chk-`

/** Prefix of all runs of a job. */
export const runsPrefix = (jobId: string): string => `${checked(jobId)}/runs/`

export function runPath(jobId: string, run: RunName): string {
  return `${runsPrefix(jobId)}${run.epoch}-${run.checkpointId}-${run.node}-${run.subtask}-${run.sequence}.run`
}

/** Data in flight of a subtask; `node` is the number of its vertex. */
export function channelsPath(jobId: string, name: Omit<RunName, 'sequence'>): string {
  return `${runsPrefix(jobId)}${name.epoch}-${name.checkpointId}-${name.node}-${name.subtask}-0.channels`
}

/** Manifest of a savepoint, relative to its directory. */
export const savepointManifestPath = manifestName

/** Where a run of a job stands in a savepoint, relative to its directory. */
export const savepointRunPath = (path: string): string => `runs/${path.slice(path.lastIndexOf('/') + 1)}`

/** The parts of the name of a run, or of data in flight; undefined for anything else. */
export function parseRunPath(path: string): RunName | undefined {
  const match = /(?:^|\/)runs\/(\d{1,15})-(\d{1,15})-(\d{1,15})-(\d{1,15})-(\d{1,15})\.(?:run|channels)$/.exec(path)
  if (match === null) return undefined
  const [epoch, checkpointId, node, subtask, sequence] = match.slice(1, 6).map(Number)
  return { epoch, checkpointId, node, subtask, sequence }
}

/** The checkpoint that a path names: `<jobId>/chk-<n>`, its manifest, or anything below it. */
export function parseCheckpointPath(path: string): { jobId: string; checkpointId: number } | undefined {
  const match = /^([^/]+)\/chk-(\d{1,15})(?:\/|$)/.exec(path)
  return match === null ? undefined : { jobId: match[1], checkpointId: Number(match[2]) }
}

/** A job id is one part of a path. */
function checked(jobId: string): string {
  assert(/^[\w-][\w.-]*$/.test(jobId), 'a job id has letters, digits, dots, dashes and underscores only')
  return jobId
}
