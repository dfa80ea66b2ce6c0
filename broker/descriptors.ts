/**
 * How connections and segment files share what the process may have open. Without it, clients that connect take the descriptors by which
 * a log begins its next segment, and a log that cannot write takes nothing any more. Pure.
 */

export interface DescriptorShares {
  readonly connectionsMax: number
  readonly openFilesMax: number
}

/** For what has no bound of its own: snapshots and checkpoints, files with unsynced bytes, other roles in the same process. */
const reserveMin = 64

/** `limit`: descriptors that the process may have; undefined: nobody knows. No share is larger than what is wanted. */
export function shareDescriptors(limit: number | undefined, wanted: DescriptorShares): DescriptorShares {
  if (limit === undefined) return wanted
  const openFilesMax = Math.max(1, Math.min(wanted.openFilesMax, Math.floor(limit / 4)))
  const reserve = Math.max(reserveMin, Math.floor(limit / 8))
  const connectionsMax = Math.max(1, Math.min(wanted.connectionsMax, limit - openFilesMax - reserve))
  return { connectionsMax, openFilesMax }
}
