import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LineReader } from '../../../cli/kafka/line-reader.ts'
import { lineFormat } from '../../../cli/kafka/produce-format.ts'
import { parsePlace } from '../../../cli/kafka/when.ts'

function linesOf(chunks: readonly Buffer[]): string[] {
  const reader = new LineReader()
  const lines: string[] = []
  const take = (line: Buffer): void => void lines.push(line.toString('latin1'))
  for (const chunk of chunks) {
    reader.push(chunk, take)
    // Whoever reads files uses the memory of a chunk again.
    chunk.fill(0)
  }
  reader.end(take)
  return lines
}

describe('lines of input', () => {
  it('are the same wherever chunks end', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', '\n', '\r') })
    fc.assert(
      fc.property(fc.array(text), (parts) => {
        const expected = parts.join('').split('\n')
        if (expected.at(-1) === '') expected.pop()
        expect(linesOf(parts.map((part) => Buffer.from(part)))).toEqual(expected)
      }),
    )
  })

  it('that do not end are noticed', () => {
    const reader = new LineReader()
    for (let n = 0; n < 65; n++) reader.push(Buffer.alloc(1024 * 1024, 65), () => undefined)
    expect(reader.isTooLong).toBe(true)
  })
})

describe('a record as JSON', () => {
  const read = (line: string): unknown[] => {
    const got: unknown[] = []
    lineFormat({ format: 'record', headers: [], emptyAsNull: false })(
      Buffer.from(line),
      (key, value, headers, ...rest) => {
        got.push(
          key?.toString() ?? null,
          value?.toString() ?? null,
          headers?.map((each) => each.key),
          ...rest,
        )
      },
    )
    return got
  }

  it('has texts as they are, and other values as JSON', () => {
    expect(read('{"key":"k","value":"v","timestamp":5,"partition":1}')).toEqual(['k', 'v', undefined, 5, 1])
    expect(read('{"value":{"a":[1]},"headers":[{"h":"1"},{"h":null}]}')).toEqual([
      null,
      '{"a":[1]}',
      ['h', 'h'],
      undefined,
      undefined,
    ])
    expect(read('{"key":7,"value":null,"headers":{"x":"y"}}')).toEqual(['7', null, ['x'], undefined, undefined])
    expect(read('  ')).toEqual([])
  })

  it.each([
    ['[]', 'a record is a JSON object'],
    ['{"key":1}', 'the record has no value'],
    ['{', 'this is no JSON'],
    ['{"value":1,"partition":-1}', 'partition is -1'],
    ['{"value":1,"headers":3}', 'headers are no object'],
  ])('refuses %s', (line, reason) => {
    expect(() => read(line)).toThrow(reason)
  })
})

describe('places in a topic', () => {
  const now = Date.parse('2026-11-21T08:00:00Z')
  it.each([
    ['earliest', { kind: 'earliest' }],
    ['latest', { kind: 'latest' }],
    ['12', { kind: 'offset', offset: 12 }],
    ['-3', { kind: 'last', count: 3 }],
    ['@1000', { kind: 'time', ms: 1000 }],
    ['1m', { kind: 'time', ms: now - 60_000 }],
    ['2026-11-21T07:00:00Z', { kind: 'time', ms: now - 3_600_000 }],
  ])('are read from %s', (text, place) => {
    expect(parsePlace(text, now)).toEqual(place)
  })

  it.each(['', 'soon', '1.5', '99999999999999999', '2026-99-99'])('are not read from "%s"', (text) => {
    expect(() => parsePlace(text, now)).toThrow('--from')
  })
})
