/**
 * Which failures of the system say nothing of what the disk has, and pass: no descriptor, no memory, no space. Whatever failed so can be
 * tried again as it was. A sync that failed is never one of them, whatever its reason: the system may have dropped what it could not
 * write, and says so only once.
 */
import type { Clock } from '../../core/platform/clock.ts'

/** Never come from a sync. */
const noDescriptor = new Set(['EMFILE', 'ENFILE'])
const noRoom = new Set(['ENOSPC', 'EDQUOT', 'ENOMEM', 'EAGAIN'])
const syncs = new Set(['fsync', 'fdatasync'])

/** Between two attempts. */
export const pauseMs = 250

export function passes(failure: unknown): boolean {
  for (let at = failure; at instanceof Error; at = at.cause) {
    const { code, syscall } = at as NodeJS.ErrnoException
    if (code === undefined) continue
    if (noDescriptor.has(code)) return true
    if (noRoom.has(code)) return !syncs.has(syscall ?? '')
  }
  return false
}

/** Does `work` again until it succeeds or fails for good; rejects with that failure. */
export async function patiently(clock: Clock, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work()
    } catch (failure) {
      if (!passes(failure)) throw failure
    }
    await new Promise<void>((resolve) => clock.setTimeout(resolve, pauseMs))
  }
}
