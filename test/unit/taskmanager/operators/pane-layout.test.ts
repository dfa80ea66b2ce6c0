/** The arithmetic of panes against windows listed one by one. */
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { firstEndOf, lastEndOf, nextEnd, paneLayout, paneOf } from '../../../../taskmanager/operators/pane-layout.ts'
import { windowsOf } from '../windows/support.ts'

const layouts = fc
  .record({ size: fc.integer({ min: 1, max: 60 }), slide: fc.integer({ min: 1, max: 90 }), shift: fc.nat(1000) })
  .map(({ size, slide, shift }) => ({ size, slide, offset: shift % slide }))
const time = fc.integer({ min: -1000, max: 1000 })

it('the windows of a pane are those of each of its times', () => {
  fc.assert(
    fc.property(layouts, time, fc.nat(100), ({ size, slide, offset }, at, later) => {
      const layout = paneLayout({ kind: 'sliding', sizeMs: size, slideMs: slide, offsetMs: offset })
      const pane = paneOf(layout, at)
      expect(pane).toBeLessThanOrEqual(at)
      expect(pane + layout.paneMs).toBeGreaterThan(at)
      const windows = windowsOf(at, size, slide, offset)
      expect(windowsOf(pane + (later % layout.paneMs), size, slide, offset)).toEqual(windows)
      if (windows.length === 0) {
        expect(lastEndOf(layout, pane)).toBe(Number.NEGATIVE_INFINITY)
        return
      }
      expect(lastEndOf(layout, pane)).toBe(windows[0].end)
      expect(firstEndOf(layout, pane)).toBe(windows.at(-1)?.end)
    }),
  )
})

it('the next end is the first after a time', () => {
  fc.assert(
    fc.property(layouts, time, ({ size, slide, offset }, at) => {
      const end = nextEnd(paneLayout({ kind: 'sliding', sizeMs: size, slideMs: slide, offsetMs: offset }), at)
      expect(end).toBeGreaterThan(at)
      expect(end - slide).toBeLessThanOrEqual(at)
      expect(Math.abs((end - size - offset) % slide)).toBe(0)
    }),
  )
})

it('a tumbling window is one pane', () => {
  const layout = paneLayout({ kind: 'tumbling', sizeMs: 10, offsetMs: 3 })
  expect(layout).toEqual({ sizeMs: 10, slideMs: 10, offsetMs: 3, paneMs: 10 })
  expect([paneOf(layout, 2), paneOf(layout, 3), paneOf(layout, -8)]).toEqual([-7, 3, -17])
})
