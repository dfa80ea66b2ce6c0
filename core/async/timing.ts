/** Waiting with a bound, on a clock that a test can move. */
import { defineErrors } from '../errors.ts'
import type { Clock } from '../platform/clock.ts'

export const asyncErrors = defineErrors('ASYNC', {
  TIMEOUT: { text: '{what} took longer than {timeoutMs} ms', blame: 'external', retry: 'backoff' },
  ABORTED: { text: '{what} was given up', blame: 'internal', retry: 'never' },
  CLOSED: { text: '{what} is closed', blame: 'internal', retry: 'never' },
})

/** Resolves after `delayMs`. With a signal, rejects with ASYNC_ABORTED when it fires. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      clock.clearTimeout(timer)
      reject(asyncErrors.create('ABORTED', { what: 'the wait' }, { cause: signal?.reason }))
    }
    const timer = clock.setTimeout(() => {
      signal?.removeEventListener('abort', abort)
      resolve()
    }, delayMs)
    if (signal?.aborted === true) abort()
    else signal?.addEventListener('abort', abort, { once: true })
  })
}

/**
 * The promise's outcome, or ASYNC_TIMEOUT after `timeoutMs`. The work itself goes on: whoever can stop it does so in
 * `expired`. `what` completes "… took longer than".
 */
export async function withTimeout<T>(
  clock: Clock,
  promise: Promise<T>,
  timeoutMs: number,
  what: string,
  expired?: () => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimeout(() => {
      expired?.()
      reject(asyncErrors.create('TIMEOUT', { what, timeoutMs }))
    }, timeoutMs)
    promise.then(
      (value) => {
        clock.clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clock.clearTimeout(timer)
        reject(error)
      },
    )
  })
}
