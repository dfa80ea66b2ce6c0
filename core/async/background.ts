/** Work that nobody waits for. A promise may only be left alone through here, so that its failure is always heard. */

/** Runs `work`; a failure goes to `failed`, which must not throw. */
export function inBackground(
  work: Promise<unknown> | (() => Promise<unknown>),
  failed: (error: unknown) => void,
): void {
  const running = typeof work === 'function' ? new Promise((resolve) => resolve(work())) : work
  running.then(undefined, failed)
}
