/** Types at run time: columns, optional and nullable, validation at the edges. */
import { describe, expect, it } from 'vitest'
import { type StandardSchema, state, t } from '../../../sdk/index.ts'
import { schemaOf } from '../../../sdk/schema.ts'

describe('t', () => {
  it('gives each field a column', () => {
    const type = t.object({
      a: t.float64(),
      b: t.optional(t.string()),
      c: t.nullable(t.array(t.object({ d: t.int64() }))),
      e: t.optional(t.nullable(t.date())),
    })
    expect(schemaOf(type)).toEqual({
      record: 'object',
      fields: [
        { name: 'a', type: { kind: 'float64' } },
        { name: 'b', type: { kind: 'string' }, optional: true },
        {
          name: 'c',
          type: {
            kind: 'list',
            item: { name: 'item', type: { kind: 'struct', fields: [{ name: 'd', type: { kind: 'int64' } }] } },
          },
          nullable: true,
        },
        { name: 'e', type: { kind: 'date' }, nullable: true, optional: true },
      ],
    })
  })

  it('makes one column of bare values', () => {
    expect(schemaOf(t.string())).toEqual({ record: 'value', fields: [{ name: '', type: { kind: 'string' } }] })
    expect(schemaOf(t.nullable(t.object({ a: t.string() })))).toMatchObject({
      record: 'value',
      fields: [{ name: '', nullable: true }],
    })
  })

  it('refuses what is no type, and names that the engine uses', () => {
    expect(() => t.object({ a: t.string as never })).toThrow(
      /field "a" of t.object is not a type of t.*was the call forgotten/,
    )
    expect(() => t.array('x' as never)).toThrow(/item of t.array/)
    expect(() => t.object({ $key: t.string() })).toThrow(/do not start with \$/)
  })

  it('declares state with a time to live', () => {
    expect(t.timestamp().state({ ttl: '1h' }).spec).toMatchObject({ kind: 'value', ttlMs: 3_600_000 })
    expect(state.map(t.string(), t.float64()).spec).toMatchObject({ kind: 'map' })
    expect(t.string().state().spec).not.toHaveProperty('ttlMs')
  })
})

describe('validation', () => {
  const even: StandardSchema<number> = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: (value) =>
        typeof value === 'number' && value % 2 === 0
          ? { value }
          : { issues: [{ message: 'must be even', path: ['n', { key: 0 }] }] },
    },
  }

  it('runs a Standard Schema and says where it failed', () => {
    const type = t.from(even)
    expect(type.validate?.(4)).toBe(4)
    expect(() => type.validate?.(3)).toThrow('a record does not satisfy its schema: n.0: must be even')
  })

  it('reaches into objects and arrays, and leaves the rest alone', () => {
    const type = t.object({
      a: t.from(even),
      b: t.array(t.literal('x', 'y')),
      c: t.optional(t.enum(['z'])),
      d: t.string(),
    })
    const value = { a: 2, b: ['x'], d: 'd' }
    expect(type.validate?.(value)).toEqual(value)
    expect(() => type.validate?.({ ...value, b: ['q'] })).toThrow(/one of x, y is expected, not "q"/)
    expect(() => type.validate?.({ ...value, c: 'no' })).toThrow(/one of z/)
    expect(() => type.validate?.(null)).toThrow(/an object is expected, not null/)
    expect(t.object({ a: t.string() }).validate).toBeUndefined()
  })

  it('refuses a schema that takes its time', () => {
    const slow = { '~standard': { ...even['~standard'], validate: () => Promise.reject(new Error('late')) } }
    expect(() => t.from<number>(slow).validate?.(1)).toThrow(/validates asynchronously/)
    expect(() => t.from({} as never)).toThrow(/needs a Standard Schema/)
  })
})
