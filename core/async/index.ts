/** Asynchronous work with bounds: nothing floats, nothing queues without end. */

export { inBackground } from './background.ts'
export { type BackoffPolicy, backoffMs } from './backoff.ts'
export { type Deferred, deferred } from './deferred.ts'
export { Mutex } from './mutex.ts'
export { BoundedQueue } from './queue.ts'
export { asyncErrors, sleep, withTimeout } from './timing.ts'
