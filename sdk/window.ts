/** `window.*`: how records are put into windows of event time. */
import { type Duration, durationMs } from './duration.ts'
import { sdkErrors } from './errors.ts'
import type { WindowAssigner } from './graph/nodes.ts'
import { atText, userPosition } from './graph/position.ts'

export interface WindowAlignment {
  /** Shifts the windows from the epoch. 0 or more, less than the size (of the slide, for sliding windows). */
  readonly offset?: Duration
}

function positive(value: Duration, what: string): number {
  const ms = durationMs(value)
  if (ms > 0) return ms
  throw sdkErrors.create('BAD_WINDOW', {
    problem: `the ${what} of a window must be more than 0, it is ${value}`,
    at: atText(userPosition()),
  })
}

function offsetMs(alignment: WindowAlignment | undefined, stepMs: number): number {
  if (alignment?.offset === undefined) return 0
  const ms = durationMs(alignment.offset)
  if (ms < stepMs) return ms
  throw sdkErrors.create('BAD_WINDOW', {
    problem: `the offset of a window must be less than its size or slide, it is ${alignment.offset}`,
    at: atText(userPosition()),
  })
}

export const window = {
  /** Windows of one size, one after the other, aligned to the epoch. */
  tumbling: (size: Duration, alignment?: WindowAlignment): WindowAssigner => {
    const sizeMs = positive(size, 'size')
    return { kind: 'tumbling', sizeMs, offsetMs: offsetMs(alignment, sizeMs) }
  },
  /** Windows of `size` that start every `slide`: a record is in size / slide of them. */
  sliding: (size: Duration, slide: Duration, alignment?: WindowAlignment): WindowAssigner => {
    const sizeMs = positive(size, 'size')
    const slideMs = positive(slide, 'slide')
    if (slideMs > sizeMs) {
      throw sdkErrors.create('BAD_WINDOW', {
        problem: `a window of ${size} that slides by ${slide} would leave records out`,
        at: atText(userPosition()),
      })
    }
    return { kind: 'sliding', sizeMs, slideMs, offsetMs: offsetMs(alignment, slideMs) }
  },
  /** A window ends when no record of its key came for `gap` of event time. */
  session: (gap: Duration): WindowAssigner => ({ kind: 'session', gapMs: positive(gap, 'gap') }),
}
