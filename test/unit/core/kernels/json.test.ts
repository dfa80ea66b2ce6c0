/** The kernel of JSON, its twin, and JSON.parse, which is what both must agree with. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Field } from '../../../../core/columns/schema.ts'
import { JsonMemory } from '../../../../core/kernels/json.ts'
import { jsonKinds, jsonNulls, jsonStates } from '../../../../core/kernels/json-signature.ts'

const fields: readonly Field[] = [
  { name: 'n', type: { kind: 'float64' } },
  { name: 'whole', type: { kind: 'int32' } },
  { name: 'large', type: { kind: 'int64' } },
  { name: 'yes', type: { kind: 'boolean' } },
  { name: 'text', type: { kind: 'string' } },
  { name: 'aNameThatIsLongerThanOneWordOf16', type: { kind: 'string' } },
  { name: 'größe', type: { kind: 'float64' } },
  { name: 'when', type: { kind: 'date' } },
  { name: 'time', type: { kind: 'timestamp' } },
]
const names = fields.map(({ name }) => name)
const sides = [false, true].map((twin) => new JsonMemory({ fields, rowsMax: 64, inputBytes: 64 * 1024, twin }))

interface Row {
  readonly state: number
  readonly values: readonly unknown[]
}

function runOn(memory: JsonMemory, rows: readonly Uint8Array[]): Row[] {
  const { i32, u8, f64, i64, buffer } = memory
  u8.fill(0, memory.input, memory.input + memory.inputBytes)
  let at = 0
  rows.forEach((row, i) => {
    u8.set(row, memory.input + at)
    i32[(memory.starts >>> 2) + i] = at
    i32[(memory.lengths >>> 2) + i] = row.length
    at += row.length
  })
  const others = memory.run(rows.length)
  const read = rows.map((_, i) => {
    const state = u8[memory.states + i]
    if (state === jsonStates.strange) return { state, values: [] }
    const values = memory.columns.map(({ kind, at: column, lengths }) => {
      if (kind === jsonKinds.int32) return i32[(column >>> 2) + i]
      if (kind === jsonKinds.int64) return i64[(column >>> 3) + i]
      if (kind === jsonKinds.boolean) return u8[column + i] === 1
      if (kind !== jsonKinds.string && kind !== jsonKinds.raw) return f64[(column >>> 3) + i]
      const from = i32[(column >>> 2) + i]
      return buffer.toString('utf8', from, from + i32[(lengths >>> 2) + i])
    })
    return { state, values }
  })
  expect(others).toBe(read.filter(({ state }) => state !== jsonStates.plain).length)
  return read
}

/** Runs both and holds every row that was taken to JSON.parse. */
function both(texts: readonly (string | Uint8Array)[]): Row[] {
  const rows = texts.map((text) => (typeof text === 'string' ? Buffer.from(text) : text))
  const [native, twin] = sides.map((memory) => runOn(memory, rows))
  expect(native).toEqual(twin)
  native.forEach(({ state, values }, i) => {
    if (state === jsonStates.strange) return
    const parsed = JSON.parse(Buffer.from(rows[i]).toString()) as Record<string, unknown>
    const wanted = fields.map(({ name, type }) => {
      const value = parsed[name]
      if (type.kind === 'int64') return BigInt(value as number)
      if (type.kind === 'date') return new Date(value as number).getTime()
      if (type.kind === 'timestamp' && typeof value === 'string') return Date.parse(value)
      return type.kind === 'int32' ? (value as number) | 0 : value
    })
    expect(values).toEqual(wanted)
  })
  return native
}

const good = {
  n: 1.5,
  whole: -3,
  large: 9007199254740991,
  yes: true,
  text: 'a',
  aNameThatIsLongerThanOneWordOf16: '',
  größe: 0,
  when: 5,
  time: 7.5,
}
const taken = (texts: readonly string[]): boolean[] => both(texts).map(({ state }) => state !== jsonStates.strange)
const set = (changes: object): string => JSON.stringify({ ...good, ...changes })

const anyText = fc.oneof(fc.string({ maxLength: 60 }), fc.string({ unit: 'grapheme', maxLength: 20 }))
const numbers = fc.oneof(
  fc.integer(),
  fc.maxSafeInteger(),
  fc.double(),
  fc.double({ min: -1e6, max: 1e6 }).map((n) => Number(n.toFixed(3))),
  fc.constantFrom(0, -0, 1e21, 2 ** 53, 2 ** 53 + 2, 8.64e15, 8.64e15 + 2, 2 ** 31, -(2 ** 31)),
)
const dates = fc
  .tuple(fc.date({ min: new Date(-8e13), max: new Date(2.5e14), noInvalidDate: true }), fc.boolean())
  .map(([date, short]) => (short ? date.toISOString().replace(/\.\d+Z/, 'Z') : date.toISOString()))
const anyValue = fc.oneof(
  numbers,
  anyText,
  fc.boolean(),
  fc.constant(null),
  fc.constant([1, { a: 2 }]),
  fc.constant({}),
)
const record = fc.record({
  n: numbers,
  whole: fc.integer(),
  large: fc.maxSafeInteger(),
  yes: fc.boolean(),
  text: anyText,
  aNameThatIsLongerThanOneWordOf16: anyText,
  größe: numbers,
  when: fc.oneof(fc.integer(), dates),
  time: fc.oneof(numbers, dates),
})
/** The same record in another order, with other fields, spaces and odd values. */
const varied = fc
  .tuple(
    record,
    fc.dictionary(fc.oneof(anyText, fc.constantFrom(...names)), anyValue, { maxKeys: 3 }),
    fc.infiniteStream(fc.nat(1000)),
    fc.constantFrom(undefined, 1, '\t'),
  )
  .map(([value, others, order, space]) => {
    const entries = Object.entries({ ...value, ...others }).map((entry) => ({
      entry,
      at: order.next().value as number,
    }))
    entries.sort((a, b) => a.at - b.at)
    return JSON.stringify(Object.fromEntries(entries.map(({ entry }) => entry)), undefined, space)
  })

describe('the kernel of JSON', () => {
  test('takes flat records in any order, with spaces and other fields', () => {
    const reversed = JSON.stringify(Object.fromEntries(Object.entries(good).reverse()))
    const others = `{"x": null, "y": [1].length, ${JSON.stringify(good).slice(1)}`
    expect(
      taken([
        JSON.stringify(good),
        reversed,
        JSON.stringify(good, undefined, 2),
        JSON.stringify(good).replaceAll(',"', ', "').replaceAll('":', '": '),
        `{"x":null,"z":false,"w":-1.5,"v":"t",${JSON.stringify(good).slice(1)}`,
        others,
        ` ${JSON.stringify(good)}\r\n`,
      ]),
    ).toEqual([true, true, true, true, true, false, true])
  })

  test('tells rows with bytes beyond ASCII from those without', () => {
    const ascii: readonly Field[] = [{ name: 't', type: { kind: 'string' } }]
    for (const twin of [false, true]) {
      const memory = new JsonMemory({ fields: ascii, rowsMax: 4, inputBytes: 1024, twin })
      const rows = ['{"t":"plain"}', '{"t":"sch\u00f6n"}', '{"t":"0123456789abcdef\u20ac"}', '{"x":"\u00e4","t":""}']
      let at = 0
      rows.forEach((row, i) => {
        const bytes = Buffer.from(row)
        memory.u8.set(bytes, memory.input + at)
        memory.i32[(memory.starts >>> 2) + i] = at
        memory.i32[(memory.lengths >>> 2) + i] = bytes.length
        at += bytes.length
      })
      expect(memory.run(4)).toBe(3)
      expect([...memory.u8.subarray(memory.states, memory.states + 4)]).toEqual([0, 1, 1, 1])
    }
  })

  test('takes times as Date writes them, and no others', () => {
    const times = [
      '2024-02-29T23:59:59.999Z',
      '0001-01-01T00:00:00Z',
      '1969-12-31T00:00:00.001Z',
      '9999-12-31T23:59:59Z',
    ]
    for (const time of times) expect(taken([set({ time, when: time })])).toEqual([true])
    const others = [
      '2024-02-30T00:00:00Z',
      '2023-02-29T00:00:00Z',
      '2100-02-29T00:00:00Z',
      '2024-04-31T00:00:00Z',
      '2024-01-32T00:00:00Z',
      '2024-13-01T00:00:00Z',
      '2024-00-01T00:00:00Z',
      '2024-01-01T24:00:00Z',
      '2024-01-01T00:60:00Z',
      '2024-01-01T00:00:60Z',
      '2024-01-01T00:00:00+01:00',
      '2024-01-01T00:00:00.1Z',
      '2024-01-01T00:00:00.1234Z',
      '2024-01-01 00:00:00Z',
      '2024-01-01',
      '0000-01-01T00:00:00Z',
      '20240-01-01T00:00:0Z',
      '',
    ]
    expect(others.filter((time) => taken([set({ time })])[0])).toEqual([])
  })

  test('leaves alone what needs more than it knows', () => {
    const strange = [
      set({ text: 'a"b' }),
      set({ text: 'line\n' }),
      set({ text: null }),
      set({ text: 5 }),
      set({ yes: 1 }),
      set({ yes: 'true' }),
      set({ whole: 1.5 }),
      set({ whole: 2 ** 31 }),
      set({ large: 2 ** 53 }),
      set({ when: 8.64e15 + 2 }),
      set({ n: 1e300 }),
      set({ n: 0.9234567890123456 }),
      set({ n: { deep: 1 } }),
      set({ n: [1] }),
      set({ whole: undefined }),
      JSON.stringify(good).replace('"n"', '"\\u006e"'),
      `${JSON.stringify(good).slice(0, -1)},"n":2}`,
    ]
    expect(taken(strange).filter((each) => each)).toEqual([])
  })

  test('takes nothing that JSON.parse refuses', () => {
    const text = JSON.stringify(good)
    const broken = [
      '',
      '{',
      '{}x',
      '[]',
      'null',
      text.slice(0, -1),
      `${text}}`,
      `${text.slice(0, -1)},}`,
      text.replace('1.5', '01.5'),
      text.replace('1.5', '1.'),
      text.replace('1.5', '.5'),
      text.replace('1.5', '+1'),
      text.replace('1.5', '-'),
      text.replace('1.5', 'NaN'),
      text.replace('true', 'truth'),
      text.replace('true', 'tru'),
      text.replace('"a"', '"a\tb"'),
      text.replace(',', ';'),
      text.replace(':', ' '),
      text.replace(':', '::'),
    ]

    expect(taken(broken).filter((each) => each)).toEqual([])
  })

  test('agrees with its twin and with JSON.parse on varied records', () => {
    fc.assert(
      fc.property(fc.array(varied, { minLength: 1, maxLength: 8 }), (texts) => {
        both(texts)
      }),
      { numRuns: 400 },
    )
  })

  test('agrees with its twin and with JSON.parse on records with bytes changed, cut and added', () => {
    const bytes = fc.tuple(
      fc.nat(400),
      fc.oneof(fc.nat(255), fc.constantFrom(...Buffer.from('{}[]",:\\ 0-.et'))),
      fc.nat(2),
    )
    fc.assert(
      fc.property(varied, fc.array(bytes, { minLength: 1, maxLength: 3 }), (text, changes) => {
        let row = Buffer.from(text)
        for (const [at, byte, how] of changes) {
          const place = at % (row.length + 1)
          const end = how === 0 ? place : place + 1
          row = Buffer.concat([
            row.subarray(0, place),
            how === 2 ? Buffer.alloc(0) : Buffer.of(byte),
            row.subarray(end),
          ])
        }
        both([row, Buffer.from(JSON.stringify(good))])
      }),
      { numRuns: 2000 },
    )
  })

  test('takes most of what serialisers write', () => {
    const rows = Array.from({ length: 60 }, (_, i) =>
      set({ n: i / 8, text: `text ${i}`, when: 1_700_000_000_000 + i, größe: i * 1000 }),
    )
    expect(taken(rows)).toEqual(rows.map(() => true))
  })

  test('skips nested values and texts with escapes where no field is declared', () => {
    const more = ['[]', '{}', '[1,{"a":[null,true,-1.5e+7,"\\u00e4\\""]}]', '{"a":{"b":{}},"c":[[],[]]}', '"a\\n\\/"']
    expect(taken(more.map((value) => `{"more":${value},${JSON.stringify(good).slice(1)}`))).toEqual(
      more.map(() => true),
    )
    const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`
    expect(taken([60, 61].map((levels) => `{"more":${deep(levels)},${JSON.stringify(good).slice(1)}`))).toEqual([
      true,
      false,
    ])
  })

  test('takes no nested value that JSON.parse refuses', () => {
    const broken =
      '[1,] [,] {"a"} {"a":} {a:1} [1 2] [} {] [01] [1.] [.5] [-] [1e] ["\\x"] ["\\u12g4"] ["\t"] [tru] [nul] [falsy] [ {"a":1,} {"a" 1} [1]]'
    const texts = broken.split(' ').map((value) => `{"more":${value},${JSON.stringify(good).slice(1)}`)
    expect(taken([...texts, `{"more":["a\tb"],${JSON.stringify(good).slice(1)}`]).filter((each) => each)).toEqual([])
  })
})

const loose: readonly Field[] = [
  { name: 'a', type: { kind: 'float64' }, nullable: true },
  { name: 'b', type: { kind: 'int32' }, optional: true },
  { name: 'c', type: { kind: 'string' }, nullable: true, optional: true },
  { name: 'd', type: { kind: 'boolean' }, nullable: true },
  { name: 'e', type: { kind: 'int64' }, optional: true },
  { name: 'f', type: { kind: 'list', item: { name: '', type: { kind: 'any' } } }, nullable: true },
  { name: 'g', type: { kind: 'struct', fields: [] }, optional: true },
  { name: 'h', type: { kind: 'bytes' } },
  { name: 'i', type: { kind: 'date' }, nullable: true, optional: true },
]
const looseSides = [false, true].map(
  (twin) => new JsonMemory({ fields: loose, rowsMax: 64, inputBytes: 64 * 1024, twin }),
)

/** Rows as both sides read them; undefined for those that were not taken. */
function looseRows(texts: readonly string[]): (Record<string, unknown> | undefined)[] {
  const [native, twin] = looseSides.map((memory) => {
    const rows = runOn(
      memory,
      texts.map((text) => Buffer.from(text)),
    )
    return rows.map(({ state, values }, row): Record<string, unknown> | undefined => {
      if (state === jsonStates.strange) return undefined
      const entries = loose.flatMap(({ name }, index): [string, unknown][] => {
        const { kind, nulls } = memory.columns[index]
        const mark = nulls === 0 ? jsonNulls.value : memory.u8[nulls + row]
        if (mark !== jsonNulls.value) {
          expect(memory.mayLack(index)).toBe(true)
          expect(values[index]).toBe(
            { [jsonKinds.string]: '', [jsonKinds.raw]: '', [jsonKinds.boolean]: false, [jsonKinds.int64]: 0n }[kind] ??
              0,
          )
          return mark === jsonNulls.null ? [[name, null]] : []
        }
        const value = values[index]
        return [
          [
            name,
            kind === jsonKinds.raw ? JSON.parse(value as string) : typeof value === 'bigint' ? Number(value) : value,
          ],
        ]
      })
      return Object.fromEntries(entries)
    })
  })
  expect(native).toEqual(twin)
  return native
}

describe('the kernel of JSON, where fields may lack a value', () => {
  const nested = fc.jsonValue({ maxDepth: 3 })
  const values = {
    a: fc.oneof(fc.constant(null), fc.integer()),
    b: fc.integer(),
    c: fc.oneof(fc.constant(null), fc.stringMatching(/^[a-z\u00e4]{0,20}$/)),
    d: fc.oneof(fc.constant(null), fc.boolean()),
    e: fc.maxSafeInteger(),
    f: fc.oneof(fc.constant(null), fc.array(nested, { maxLength: 3 })),
    g: fc.dictionary(fc.string({ maxLength: 3 }), nested, { maxKeys: 3 }),
    h: fc.base64String(),
    i: fc.oneof(fc.constant(null), fc.integer()),
  }
  const present = fc.record(values, { requiredKeys: ['a', 'd', 'f', 'h'] })

  test('reads null, absent and nested fields as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.array(present, { minLength: 1, maxLength: 20 }), (records) => {
        const texts = records.map((record) => JSON.stringify(record))
        const wanted = texts.map((text) => JSON.parse(text) as Record<string, unknown>)
        for (const record of wanted) for (const key of ['a', 'i']) if (Object.is(record[key], -0)) record[key] = 0
        expect(looseRows(texts)).toEqual(wanted)
      }),
      { numRuns: 300 },
    )
  })

  test('leaves a row alone that lacks what it must have, or has null where none may be', () => {
    const full = { a: 1, b: 2, c: 'c', d: true, e: 5, f: [], g: {}, h: '', i: 0 }
    const changes = [
      { a: undefined },
      { b: null },
      { d: undefined },
      { e: null },
      { g: null },
      { h: null },
      { h: undefined },
      { f: 1 },
    ]
    expect(looseRows(changes.map((change) => JSON.stringify({ ...full, ...change })))).toEqual(
      changes.map(() => undefined),
    )
    expect(looseRows([JSON.stringify(full)])).toEqual([full])
    expect(looseSides.map((memory) => loose.map((_, field) => memory.mayLack(field)))).toEqual([
      loose.map(() => false),
      loose.map(() => false),
    ])
  })
})
