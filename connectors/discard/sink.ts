/** Takes records and forgets them without looking: no object is ever made for it. For measuring what comes before. */
import type { Sink } from '../../sdk/sink.ts'

export function discard(): Sink<unknown> {
  return {
    kind: 'sink',
    name: 'discard',
    guarantee: 'exactly-once',
    createWriter: () => ({
      discards: true,
      write: () => undefined,
      skip: () => undefined,
      close: () => undefined,
    }),
  }
}
