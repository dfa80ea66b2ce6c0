import { describe, expect, it } from 'vitest'
import { silenceLines } from '../../../cli/dev/silence.ts'

type Info = Parameters<typeof silenceLines>[0]

function info(source: { out: number }, window: { in: number; watermark?: number; heldBy?: string }): Info {
  const vertex = (id: number, name: string) => ({ vertex: id, name, recordsIn: 0, recordsOut: 0 })
  return {
    plan: {
      edges: [{ to: { vertex: 1 } }],
      vertices: [
        { id: 0, operators: [{ kind: 'source' }] },
        { id: 1, operators: [{ kind: 'window' }] },
      ],
    },
    vertices: [
      { ...vertex(0, 'lines'), recordsOut: source.out },
      { ...vertex(1, 'count'), recordsIn: window.in, watermark: window.watermark, heldBy: window.heldBy },
    ],
  } as unknown as Info
}

describe('a job that shows nothing', () => {
  it('is told when its source is empty', () => {
    expect(silenceLines(info({ out: 0 }, { in: 0 }))[0]).toContain('nothing has come out of the source lines yet')
  })

  it('is told who holds the watermark back', () => {
    expect(silenceLines(info({ out: 5 }, { in: 5, heldBy: 'split lines-3' })).join(' ')).toMatch(
      /count is waiting: split lines-3 holds the watermark back.*idleAfter/,
    )
  })

  it('is told that no watermark comes at all', () => {
    expect(silenceLines(info({ out: 5 }, { in: 5 }))[0]).toContain('Give the source an eventTime')
  })

  it('is told where event time stands', () => {
    expect(silenceLines(info({ out: 5 }, { in: 5, watermark: 0 }))[0]).toContain('1970-01-01T00:00:00.000Z')
  })
})
