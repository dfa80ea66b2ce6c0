/** A promise with its two ends in hand. */

export interface Deferred<T> {
  readonly promise: Promise<T>
  resolve(value: T | PromiseLike<T>): void
  reject(reason: unknown): void
}

/** A promise that others settle. A rejection that nobody awaits is not reported: attach a reader to `promise`. */
export function deferred<T = void>(): Deferred<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  promise.catch(() => undefined)
  return { promise, resolve, reject }
}
