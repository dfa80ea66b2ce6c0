/**
 * Time and timers. Whoever waits or stamps takes a `Clock`, so that a test moves time instead of sleeping.
 * `manual-clock.ts` has the other implementation.
 */
import { setImmediate as immediate, setTimeout as timeout } from 'node:timers'

export interface TimerHandle {
  /** Lets the process end although the timer is pending. */
  unref(): unknown
}

export interface Clock {
  /** Wall clock, epoch ms. May jump. */
  now(): number
  /** Milliseconds with fractions since some start. Never goes back. */
  monotonic(): number
  /** Calls `task` once, not before `delayMs`. */
  setTimeout(task: () => void, delayMs: number): TimerHandle
  /** Ignores undefined and timers that have fired. */
  clearTimeout(handle: TimerHandle | undefined): void
  /** Calls `task` every `intervalMs`; clear it with `clearTimeout`. */
  setInterval(task: () => void, intervalMs: number): TimerHandle
  /** Calls `task` after the event loop had a turn for I/O. */
  setImmediate(task: () => void): void
}

class SystemClock implements Clock {
  now(): number {
    return Date.now()
  }

  monotonic(): number {
    return performance.now()
  }

  setTimeout(task: () => void, delayMs: number): TimerHandle {
    // Node fires at once when the delay does not fit into 31 bits, and complains about one that is past.
    return timeout(task, Math.max(0, Math.min(delayMs, 0x7fff_ffff)))
  }

  clearTimeout(handle: TimerHandle | undefined): void {
    clearTimeout(handle as NodeJS.Timeout | undefined)
  }

  setInterval(task: () => void, intervalMs: number): TimerHandle {
    return setInterval(task, Math.min(intervalMs, 0x7fff_ffff))
  }

  setImmediate(task: () => void): void {
    immediate(task)
  }
}

export const systemClock: Clock = new SystemClock()
