/**
 * The system's disk, which knows what was synced and where in its work the broker is: at a named point it kills the process, and if the
 * power goes with it, what was not synced is lost before, whole or in part.
 *
 * Names are lost only of files that are new and whose directory was not synced; renames and removals last. What an earlier process
 * left unsynced is lost with the rest: a start must sync what it goes on from.
 */

import { attributesOf, batchBytesOf, controlBit } from '../../../broker/log/batch-fields.ts'
import { transactionTopic } from '../../../broker/transaction/records.ts'
import { transactionStatus } from '../../../broker/transaction/state.ts'
import type { Disk, OpenMode } from '../../../core/platform/disk.ts'
import { systemDisk } from '../../../core/platform/disk.ts'
import { type Random, seededRandom } from '../../../core/platform/random.ts'
import { readBatchHeader, readRecords } from '../../../proto/kafka/records/index.ts'
import type { PlannedKill } from './schedule.ts'
import { SyncJournal, type Tracked } from './sync-journal.ts'

export interface DyingDisk extends Disk {
  /** The start is over: from here on nothing is recovery. */
  started(): void
  /** Ends this process, at once. */
  die(power: boolean): never
}

/** Where the state stands in the value of a record of `__transaction_state`. */
const statusAt = 16

/** `journalPath`: where one process tells the next what is synced. */
export function dyingDisk(kill: PlannedKill | undefined, seed: number, journalPath: string): DyingDisk {
  const random = seededRandom(seed)
  const journal = new SyncJournal(journalPath)
  const byDescriptor = new Map<number, Tracked>()
  /** Whether the last decision that was written to a file has no marker yet. */
  const decided = new Set<string>()
  let starting = true
  let passed = 0

  const pass = (point: PlannedKill['at']): void => {
    if (starting !== (point === 'recovery') || kill?.at !== point) return
    if (passed++ >= kill.after) die(kill.power)
  }
  const die = (power: boolean): never => {
    if (power) {
      for (const file of journal.files.values()) lose(file, random)
      journal.restart()
    }
    process.kill(process.pid, 'SIGKILL')
    for (;;);
  }
  const note = (file: number, endBytes: number): void => {
    const tracked = byDescriptor.get(file)
    if (tracked !== undefined) tracked.sizeBytes = Math.max(tracked.sizeBytes, endBytes)
  }
  const ofUsers = (path: string | undefined): boolean => path?.endsWith('.log') === true && !path.includes('/__')

  const disk: DyingDisk = Object.assign(Object.create(systemDisk) as Disk, {
    started(): void {
      starting = false
    },
    die,
    open(path: string, mode: OpenMode): number {
      pass('recovery')
      const file = systemDisk.open(path, mode)
      if (/[wx]/.test(mode)) journal.note({ kind: 'made', path })
      const tracked = journal.adopt(path, systemDisk.sizeOf(file))
      byDescriptor.set(file, tracked)
      if (/x/.test(mode) && ofUsers(path) && !path.endsWith(`${'0'.repeat(20)}.log`)) pass('roll')
      return file
    },
    close(file: number): void {
      byDescriptor.delete(file)
      systemDisk.close(file)
    },
    rename(from: string, to: string): void {
      pass('recovery')
      const compaction = /\.(cleaned|swap)$/.test(from)
      if (compaction) pass('compaction')
      systemDisk.rename(from, to)
      journal.note({ kind: 'renamed', path: from, to })
      if (compaction) pass('compaction')
    },
    remove(path: string): void {
      pass('recovery')
      systemDisk.remove(path)
      journal.note({ kind: 'removed', path })
    },
    async removeAsync(path: string): Promise<void> {
      journal.note({ kind: 'removed', path })
      await systemDisk.removeAsync(path)
    },
    writeAt(file: number, from: Uint8Array, offset: number, length: number, position: number | null): void {
      pass('recovery')
      systemDisk.writeAt(file, from, offset, length, position)
      note(file, systemDisk.sizeOf(file))
    },
    writevAt(file: number, buffers: readonly Uint8Array[], position: number): void {
      systemDisk.writevAt(file, buffers, position)
      note(
        file,
        buffers.reduce((end, each) => end + each.length, position),
      )
      const path = byDescriptor.get(file)?.path ?? ''
      if (path.includes(`/${transactionTopic}-`) && decides(buffers)) decided.add(path)
      if (ofUsers(path) && hasMarker(buffers)) pass('marker')
    },
    truncate(file: number, sizeBytes: number): void {
      pass('recovery')
      systemDisk.truncate(file, sizeBytes)
      const tracked = byDescriptor.get(file)
      if (tracked !== undefined) journal.note({ kind: 'cut', path: tracked.path, bytes: sizeBytes })
    },
    sync(file: number): void {
      pass('recovery')
      systemDisk.sync(file)
      const tracked = byDescriptor.get(file)
      if (tracked !== undefined) journal.note({ kind: 'synced', path: tracked.path, bytes: tracked.sizeBytes })
    },
    async syncAsync(file: number): Promise<void> {
      const tracked = byDescriptor.get(file)
      const { path, sizeBytes } = tracked ?? { path: '', sizeBytes: 0 }
      const decision = decided.delete(path)
      if (ofUsers(path)) pass('appended')
      await systemDisk.syncAsync(file)
      if (tracked !== undefined) journal.note({ kind: 'synced', path: tracked.path, bytes: sizeBytes })
      if (ofUsers(path)) pass('synced')
      if (decision) pass('prepared')
    },
    syncDirectory(path: string): void {
      pass('recovery')
      systemDisk.syncDirectory(path)
      journal.note({ kind: 'names-synced', directory: path })
    },
    async syncDirectoryAsync(path: string): Promise<void> {
      await systemDisk.syncDirectoryAsync(path)
      journal.note({ kind: 'names-synced', directory: path })
    },
    readAtAsync(file: number, into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
      pass('recovery')
      return systemDisk.readAtAsync(file, into, offset, length, position)
    },
    writeAtomic(path: string, data: Uint8Array | string): void {
      pass('recovery')
      pass('checkpoint')
      systemDisk.writeAtomic(path, data)
    },
    async writeAtomicAsync(path: string, data: Uint8Array | string): Promise<void> {
      pass('checkpoint')
      await systemDisk.writeAtomicAsync(path, data)
    },
  })
  return disk
}

/** All of what was not synced is lost, or its end, or nothing. */
function lose(file: Tracked, random: Random): void {
  if (!systemDisk.exists(file.path)) return
  if (!file.nameSynced && random.integer(2) === 0) {
    systemDisk.remove(file.path)
    return
  }
  const unsynced = file.sizeBytes - file.syncedBytes
  if (unsynced <= 0) return
  const fate = random.integer(4)
  if (fate === 0) return
  const descriptor = systemDisk.open(file.path, 'r+')
  systemDisk.truncate(descriptor, file.syncedBytes + (fate === 1 ? random.integer(unsynced) : 0))
  systemDisk.close(descriptor)
}

function* batches(buffers: readonly Uint8Array[]): Generator<Buffer> {
  for (const each of buffers) {
    const bytes = Buffer.from(each.buffer, each.byteOffset, each.length)
    for (let at = 0; at < bytes.length; at += batchBytesOf(bytes, at))
      yield bytes.subarray(at, at + batchBytesOf(bytes, at))
  }
}

function hasMarker(buffers: readonly Uint8Array[]): boolean {
  return batches(buffers).some((batch) => (attributesOf(batch, 0) & controlBit) !== 0)
}

function decides(buffers: readonly Uint8Array[]): boolean {
  const { PrepareCommit, PrepareAbort } = transactionStatus
  return batches(buffers).some((batch) =>
    readRecords(batch, readBatchHeader(batch), { openedBytesMax: 1 << 24 }).some(({ value }) => {
      const status = value === null || value.length <= statusAt ? undefined : value[statusAt]
      return status === PrepareCommit || status === PrepareAbort
    }),
  )
}
