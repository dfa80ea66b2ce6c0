/** A directory whose name survives the loss of power. */
import { dirname } from 'node:path'
import type { Disk } from './disk.ts'

/** Makes it with what is missing above it; the names of all that was made are synced when this returns. */
export function makeDurableDirectory(disk: Disk, directory: string): void {
  const made: string[] = []
  for (let at = directory; !disk.exists(at); at = dirname(at)) made.push(at)
  if (made.length === 0) return
  disk.makeDirectory(directory)
  for (const path of made.reverse()) disk.syncDirectory(dirname(path))
}
