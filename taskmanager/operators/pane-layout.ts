/**
 * The arithmetic of aligned windows. A sliding window is a run of panes, the longest stretch of time that no window's edge
 * cuts (the greatest common divisor of size and slide), so that a record is added once however many windows it is in.
 * A tumbling window is a sliding one whose slide is its size. Times in epoch ms.
 */
import { assert } from '../../core/assert.ts'
import type { WindowAssigner } from '../../sdk/graph/nodes.ts'

export interface PaneLayout {
  readonly sizeMs: number
  readonly slideMs: number
  readonly offsetMs: number
  readonly paneMs: number
}

export function paneLayout(assigner: Exclude<WindowAssigner, { kind: 'session' }>): PaneLayout {
  const slideMs = assigner.kind === 'tumbling' ? assigner.sizeMs : assigner.slideMs
  assert(assigner.sizeMs > 0 && slideMs > 0, 'window size and slide are positive')
  return { sizeMs: assigner.sizeMs, slideMs, offsetMs: assigner.offsetMs, paneMs: gcd(assigner.sizeMs, slideMs) }
}

/** Start of the pane that a time falls into. */
export function paneOf(layout: PaneLayout, timestampMs: number): number {
  return Math.floor((timestampMs - layout.offsetMs) / layout.paneMs) * layout.paneMs + layout.offsetMs
}

/** End of the last window that covers a pane: once it is past, nobody needs the pane. Panes between windows (slide > size) have none. */
export function lastEndOf(layout: PaneLayout, paneStartMs: number): number {
  const lastStart = Math.floor((paneStartMs - layout.offsetMs) / layout.slideMs) * layout.slideMs + layout.offsetMs
  return lastStart + layout.sizeMs > paneStartMs ? lastStart + layout.sizeMs : Number.NEGATIVE_INFINITY
}

/** End of the first window that covers a pane. */
export function firstEndOf(layout: PaneLayout, paneStartMs: number): number {
  return nextEnd(layout, paneStartMs)
}

/** The first window end after a time. */
export function nextEnd(layout: PaneLayout, timestampMs: number): number {
  const { offsetMs, slideMs, sizeMs } = layout
  return (Math.floor((timestampMs - offsetMs - sizeMs) / slideMs) + 1) * slideMs + offsetMs + sizeMs
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}
