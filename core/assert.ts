/**
 * Assertions: what cannot be otherwise unless we made a mistake. A failed assertion is a bug of ours, never an input of
 * the user; those are errors from a table (errors.ts).
 */

/** Thrown by `assert` and `unreachable`. Nobody catches it to go on: the unit that met it is taken down. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError'
}

/** Throws when `condition` is falsy. `message` says what was expected to hold. */
export function assert(condition: unknown, message?: string): asserts condition {
  if (!condition) throw new AssertionError(message ?? 'assertion failed')
}

/** The end of a `switch` over a union: does not compile while a case is missing. */
export function unreachable(value: never): never {
  throw new AssertionError(`unexpected ${JSON.stringify(value)}`)
}
