/** The sinks without files: print, discard, and a sink as a user writes it. */
import { describe, expect, it } from 'vitest'
import { sink } from '../../../connectors/index.ts'
import { Checksum } from '../../../examples/nexmark/checksum.ts'
import { checksum } from '../../../examples/nexmark/results.ts'
import type { SinkContext } from '../../../sdk/sink.ts'
import { prepared } from '../../support/prepared.ts'

function contextOf(): SinkContext & { printed: string[]; delivered: [number, readonly unknown[]][] } {
  const printed: string[] = []
  const delivered: [number, readonly unknown[]][] = []
  return {
    jobId: 'job',
    uid: 'out',
    subtask: 0,
    parallelism: 1,
    wake: () => undefined,
    now: () => 0,
    print: (line) => void printed.push(line),
    deliver: (sequence, records) => void delivered.push([sequence, records]),
    checkpointing: true,
    printed,
    delivered,
  }
}

describe('sink.print', () => {
  it('prints texts as they are and everything else as JSON that names what JSON has no form for', () => {
    const context = contextOf()
    const values = ['a b', { n: 1n, x: Number.NaN, at: new Date(0) }, new Map([['k', 1]]), undefined, [new Set([1])]]
    sink.print({ prefix: '>' }).createWriter(context, []).write(values, [])
    expect(context.printed).toEqual([
      '> a b',
      '> {"n":"1n","x":"NaN","at":"1970-01-01T00:00:00.000Z"}',
      '> {"k":1}',
      '> undefined',
      '> [[1]]',
    ])
  })

  it('takes a format of the user', () => {
    const context = contextOf()
    sink
      .print<number>({ format: (n) => n.toFixed(1) })
      .createWriter(context, [])
      .write([1, 2], [])
    expect(context.printed).toEqual(['1.0', '2.0'])
  })

  it('refuses unknown options', () => {
    expect(() => sink.print({ perfix: 'x' } as never)).toThrow(/Did you mean "prefix"/)
  })
})

describe('sink.discard', () => {
  it('says that it does not look at records', () => {
    expect(sink.discard().createWriter(contextOf(), []).discards).toBe(true)
  })
})

describe('sink.collect', () => {
  it('keeps what nobody has taken, stops when that is much, and goes on when it is taken', () => {
    const collect = sink.collect<string>({ buffer: '1kb' })
    const context = contextOf()
    let woken = 0
    const waking = { ...context, wake: () => void woken++ }
    const writer = collect.createWriter(waking, [])
    const commit = (records: readonly string[], checkpoint: number): void => {
      writer.write(records, [])
      void collect.commit?.(prepared(writer, checkpoint), waking)
    }
    commit(['a'.repeat(400)], 1)
    expect(writer.ready?.()).toBe(true)
    commit(['b'.repeat(400)], 2)
    expect(writer.ready?.()).toBe(false)
    expect(context.delivered.map(([sequence]) => sequence)).toEqual([0, 1])
    writer.delivered?.(1)
    expect(writer.ready?.()).toBe(true)
    expect(woken).toBe(1)
  })

  it('delivers again after a restore what nobody had taken, and nothing else', () => {
    const collect = sink.collect<number>()
    const context = contextOf()
    const writer = collect.createWriter(context, [])
    for (const checkpoint of [1, 2, 3]) {
      writer.write([checkpoint], [])
      void collect.commit?.(prepared(writer, checkpoint), context)
    }
    writer.delivered?.(1)
    const state = JSON.parse(JSON.stringify(writer.snapshot?.(3))) as never
    const again = contextOf()
    const successor = collect.createWriter(again, state)
    expect(again.delivered).toEqual([
      [1, [2]],
      [2, [3]],
    ])
    successor.write([4], [])
    void collect.commit?.(prepared(successor, 4), again)
    expect(again.delivered.at(-1)).toEqual([3, [4]])
  })

  it('refuses a buffer that is no size', () => {
    expect(() => sink.collect({ buffer: 'much' })).toThrow(/such as '16mb'/)
  })
})

describe('the checksum sink of the examples', () => {
  it('delivers parts whose merge is the checksum of all lines, in any order', () => {
    const lines = Array.from({ length: 1000 }, (_, i) => `line ${i}`)
    const whole = new Checksum()
    for (const line of lines) whole.add(line)
    const merged = new Checksum()
    for (const part of [lines.slice(600).reverse(), lines.slice(0, 600)]) {
      const context = contextOf()
      const made = checksum((line: string) => line)
      const writer = made.createWriter(context, [])
      writer.write(part, [])
      void made.commit?.(prepared(writer, 1), context)
      expect(writer.prepareCommit?.(2)).toEqual([])
      for (const [, records] of context.delivered) for (const parts of records as Checksum[]) merged.merge(parts)
    }
    expect(String(merged)).toBe(String(whole))
  })
})
