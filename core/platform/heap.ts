/**
 * The garbage of a start: a process that waits for work does not allocate, so that V8 would keep what loading it has left for hours.
 * Costs some tens of milliseconds; for a moment at which nobody waits.
 */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Collects everything and gives the memory back to the system. A V8 that does not know how is left alone. */
export function giveBackGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('globalThis.gc')
  setFlagsFromString('--no-expose-gc')
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}
