/** Waiting for what is to come about, in tests. */

/** How long a test waits for anything before it gives up: to end what hangs, however busy the machine is. */
export const conditionLimitMs = 120_000

/**
 * Looks again and again until `condition` gives something else than false or undefined, and gives that. Throws what `condition`
 * throws, and an error that quotes it when it takes too long.
 */
export async function until<T>(
  condition: () => Promise<T | false | undefined> | T | false | undefined,
  pauseMs = 5,
): Promise<T> {
  const deadline = performance.now() + conditionLimitMs
  for (;;) {
    const found = await condition()
    if (found !== undefined && found !== false) return found
    if (performance.now() > deadline) throw new Error(`waited ${conditionLimitMs / 1000} s in vain for ${condition}`)
    await new Promise((resolve) => setTimeout(resolve, pauseMs))
  }
}
