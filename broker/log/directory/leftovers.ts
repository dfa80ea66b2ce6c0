/**
 * What a crash may leave beside the files of a log, and what a start makes of it. Names end in `.deleted` (on their way out), `.cleaned`
 * (compaction that did not finish: dropped), `.swap` (compaction that had decided: finished) and `.tmp`.
 *
 * The `.log.swap` is the decision: it is the last to get that name and the last to lose it, and it stands for every segment from its
 * own base offset up to its last record. Any step may be repeated.
 */
import type { Disk } from '../../../core/platform/disk.ts'
import { batchBytesOf, batchHeaderBytes, lastOffsetOf } from '../batch-fields.ts'
import { indexKinds, segmentName } from '../segment.ts'

export const cleanedEnding = '.cleaned'
export const swapEnding = '.swap'
const indexEndings = indexKinds.map(([ending]) => ending)

/** Clears the directory of a log up. Throws the system's error. */
export function finishLeftovers(disk: Disk, directory: string): void {
  const names = disk.list(directory)
  let changed = false
  for (const name of names) {
    if (!/\.(deleted|cleaned|tmp)$/.test(name)) continue
    disk.remove(`${directory}/${name}`)
    changed = true
  }
  for (const name of names) {
    if (!name.endsWith(`.log${swapEnding}`)) continue
    finishSwap(disk, directory, Number.parseInt(name, 10))
    changed = true
  }
  for (const name of disk.list(directory)) {
    // An index whose log had not been given the name: nothing was decided.
    if (!name.endsWith(swapEnding)) continue
    disk.remove(`${directory}/${name}`)
    changed = true
  }
  if (changed) disk.syncDirectory(directory)
}

function finishSwap(disk: Disk, directory: string, baseOffset: number): void {
  const path = `${directory}/${segmentName(baseOffset)}`
  const end = endOfFile(disk, `${path}.log${swapEnding}`, baseOffset)
  for (const name of disk.list(directory)) {
    const match = /^(\d{20})\.(log|index|timeindex|txnindex)$/.exec(name)
    if (match === null) continue
    const base = Number(match[1])
    if (base < baseOffset || base >= end) continue
    // The index that has been renamed already is the new one.
    if (base === baseOffset && match[2] !== 'log' && !disk.exists(`${path}.${match[2]}${swapEnding}`)) continue
    disk.remove(`${directory}/${name}`)
  }
  renameSwapped(disk, path)
}

/** The last step of compaction: the new files take the names of the old. */
export function renameSwapped(disk: Disk, path: string): void {
  for (const ending of indexEndings) {
    if (disk.exists(`${path}.${ending}${swapEnding}`))
      disk.rename(`${path}.${ending}${swapEnding}`, `${path}.${ending}`)
  }
  disk.rename(`${path}.log${swapEnding}`, `${path}.log`)
}

/** Offset after the last batch; the file was synced whole before it got its name. */
function endOfFile(disk: Disk, path: string, baseOffset: number): number {
  const file = disk.open(path, 'r')
  try {
    const size = disk.sizeOf(file)
    const header = Buffer.allocUnsafe(batchHeaderBytes)
    let end = baseOffset + 1
    for (let at = 0; at + batchHeaderBytes <= size; ) {
      disk.readAt(file, header, 0, batchHeaderBytes, at)
      const bytes = batchBytesOf(header, 0)
      if (bytes < batchHeaderBytes) break
      end = Math.max(end, lastOffsetOf(header, 0) + 1)
      at += bytes
    }
    return end
  } finally {
    disk.close(file)
  }
}
