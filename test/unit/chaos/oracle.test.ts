import { describe, expect, it } from 'vitest'
import { type CheckedRow, judge, type WindowRow } from '../../chaos/oracle.ts'
import { createShape, expectedWindows, recordAt } from '../../chaos/shape.ts'

const shape = createShape({ records: 1000, keys: 7, stepMs: 3, windowMs: 500 })

const goodRows = (): CheckedRow[] =>
  Array.from({ length: shape.records }, (_, n) => ({ ...recordAt(shape, n), step: 1 }))
const goodWindows = (): WindowRow[] =>
  [...expectedWindows(shape)].map(([id, { count, sum }]) => ({
    key: Number(id.split('@')[0]),
    windowStart: Number(id.split('@')[1]),
    count,
    sum,
  }))

describe('the oracle', () => {
  it('accepts the output of a fault-free run', () => {
    expect(judge(shape, goodRows(), goodWindows())).toMatchObject({
      lost: 0,
      duplicated: 0,
      corrupted: 0,
      outOfOrder: 0,
      wrongWindows: 0,
    })
  })

  it('counts a lost record', () => {
    const rows = goodRows()
    rows.splice(417, 1)
    expect(judge(shape, rows, goodWindows())).toMatchObject({ lost: 1, duplicated: 0 })
  })

  it('counts a lost tail', () => {
    expect(judge(shape, goodRows().slice(0, -20), goodWindows())).toMatchObject({ lost: 20 })
  })

  it('counts a duplicated record', () => {
    const rows = goodRows()
    expect(judge(shape, [...rows, rows[3]], goodWindows())).toMatchObject({ duplicated: 1, lost: 0 })
  })

  it('counts a step that is not one', () => {
    const rows = goodRows()
    rows[5] = { ...rows[5], step: 2 }
    expect(judge(shape, rows, goodWindows())).toMatchObject({ outOfOrder: 1 })
  })

  it('counts a record put together from two others as corrupted and the real one as lost', () => {
    const rows = goodRows()
    rows[10] = { ...rows[10], sequence: rows[40].sequence }
    expect(judge(shape, rows, goodWindows())).toMatchObject({ corrupted: 1, lost: 1 })
  })

  it('counts windows that are missing, wrong, doubled or made up', () => {
    const windows = goodWindows()
    const changed = [...windows.slice(1), windows[2], { ...windows[5], windowStart: 12 }]
    changed[3] = { ...changed[3], count: changed[3].count + 1 }
    expect(judge(shape, goodRows(), changed).wrongWindows).toBe(4)
  })
})
