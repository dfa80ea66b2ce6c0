/**
 * Whose data directory it is: one process at a time (`.lock`), one cluster and node for ever (`meta.properties`), and how often it was
 * opened after an unclean end (`leader-epoch`), which is the leader epoch of all its partitions.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import { logErrors } from '../errors.ts'
import { readOptional } from '../segment.ts'
import { readProperties } from './checkpoint-files.ts'

const lockFile = '.lock'
const metaFile = 'meta.properties'
const epochFile = 'leader-epoch'
/** Rises when files change so that an older version would read them wrongly. */
export const formatVersion = 1

/** The process that opens a directory, and whether another one lives. */
export interface ProcessIdentity {
  readonly id: number
  isAlive(id: number): boolean
}

export interface DirectoryIdentity {
  readonly clusterId: string
  readonly nodeId: number
}

/** Throws BROKER_LOG_DIRECTORY_LOCKED when a process that lives has it. */
export function lockDirectory(disk: Disk, root: string, owner: ProcessIdentity): void {
  const path = `${root}/${lockFile}`
  const text = readOptional(disk, path)?.toString().trim()
  const other = text === undefined || text === '' ? undefined : Number(text)
  // The number of a process may come again, also as our own, after a restart of the machine or container.
  if (other !== undefined && other !== owner.id && Number.isInteger(other) && owner.isAlive(other)) {
    throw logErrors.create('DIRECTORY_LOCKED', { path: root, owner: other })
  }
  disk.write(path, `${owner.id}\n`)
}

export function unlockDirectory(disk: Disk, root: string): void {
  disk.remove(`${root}/${lockFile}`)
}

/**
 * The identity that the directory has; a new directory gets `wanted`, completed by `newClusterId`. Throws BROKER_LOG_WRONG_CLUSTER,
 * BROKER_LOG_NEWER_FORMAT, BROKER_LOG_BAD_FILE.
 */
export function claimDirectory(
  disk: Disk,
  root: string,
  wanted: { readonly clusterId?: string | undefined; readonly nodeId?: number | undefined },
  newClusterId: () => string,
): DirectoryIdentity {
  const path = `${root}/${metaFile}`
  const known = readProperties(disk, path)
  if (known === undefined) {
    const identity = { clusterId: wanted.clusterId ?? newClusterId(), nodeId: wanted.nodeId ?? 1 }
    const text = `version=1\ncluster.id=${identity.clusterId}\nnode.id=${identity.nodeId}\nmillrace.format=${formatVersion}\n`
    disk.writeAtomic(path, text)
    return identity
  }
  const clusterId = known.get('cluster.id')
  const nodeId = Number(known.get('node.id'))
  const format = Number(known.get('millrace.format') ?? Number.NaN)
  if (clusterId === undefined || !Number.isInteger(nodeId) || !Number.isInteger(format)) {
    throw logErrors.create('BAD_FILE', { path, reason: 'cluster.id, node.id or millrace.format is missing' })
  }
  if (format > formatVersion)
    throw logErrors.create('NEWER_FORMAT', { path: root, found: format, known: formatVersion })
  if (wanted.clusterId !== undefined && wanted.clusterId !== clusterId) {
    throw logErrors.create('WRONG_CLUSTER', { path: root, found: clusterId, expected: wanted.clusterId })
  }
  if (wanted.nodeId !== undefined && wanted.nodeId !== nodeId) {
    const reason = `it belongs to the broker with the id ${nodeId}, this one has ${wanted.nodeId}`
    throw logErrors.create('DIRECTORY_UNUSABLE', { path: root, reason })
  }
  return { clusterId, nodeId }
}

/** The leader epoch from this start on; durable when it rises. */
export function nextLeaderEpoch(disk: Disk, root: string, clean: boolean): number {
  const path = `${root}/${epochFile}`
  const text = readOptional(disk, path)?.toString().trim()
  const last = text === undefined ? undefined : Number(text)
  if (last !== undefined && !Number.isInteger(last)) {
    throw logErrors.create('BAD_FILE', { path, reason: `"${text}" is not a number` })
  }
  if (last !== undefined && clean) return last
  const epoch = last === undefined ? 0 : last + 1
  disk.writeAtomic(path, `${epoch}\n`)
  return epoch
}
