/** Types that change: what is judged possible is converted into values of the new type, and nothing else is. */
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { DataType, Field } from '../../../../core/columns/schema.ts'
import { compareFields, conversionOf, misfit, typeText } from '../../../../proto/checkpoint/type-change.ts'

const kinds = ['float64', 'int32', 'int64', 'boolean', 'string', 'bytes', 'timestamp', 'date', 'any'] as const
const names = ['a', 'b', 'c', 'd']

const { field } = fc.letrec<{ field: Field; type: DataType; struct: DataType }>((tie) => ({
  type: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.constantFrom(...kinds).map((kind): DataType => ({ kind })),
    tie('struct'),
    tie('field').map((item): DataType => ({ kind: 'list', item: { ...item, name: 'item', optional: false } })),
  ),
  struct: fc
    .uniqueArray(fc.tuple(fc.constantFrom(...names), tie('field')), { selector: ([name]) => name, maxLength: 3 })
    .map((fields): DataType => ({ kind: 'struct', fields: fields.map(([name, each]) => ({ ...each, name })) })),
  field: fc
    .tuple(tie('type'), fc.boolean(), fc.boolean(), fc.subarray(names, { maxLength: 1 }))
    .map(([type, nullable, optional, was]): Field => ({ name: '', type, nullable, optional, was })),
}))

/** A declaration of an object. */
const declaration = field.filter(({ type }) => type.kind === 'struct').map((each) => ({ ...each, optional: false }))

/** The same with some of it changed, so that there is often a way. */
const edited = (was: Field): fc.Arbitrary<Field> => {
  const { type } = was
  if (type.kind !== 'struct') {
    const wider: Partial<Record<string, readonly DataType['kind'][]>> = { int32: ['int64', 'float64', 'any'] }
    const next = wider[type.kind]
    if (next === undefined) return fc.constant(was)
    return fc.constantFrom(type.kind, ...next).map((kind) => ({ ...was, type: { kind } as DataType }))
  }
  return fc
    .tuple(
      fc.tuple(...type.fields.map(edited)),
      fc.array(fc.constantFrom('keep', 'drop', 'rename', 'loosen'), { minLength: 4, maxLength: 4 }),
      fc.boolean(),
    )
    .map(([fields, edits, more]) => {
      const kept = fields.flatMap((each, i): Field[] => {
        if (edits[i] === 'drop') return []
        if (edits[i] === 'rename') return [{ ...each, name: `${each.name}2`, was: [each.name] }]
        return [edits[i] === 'loosen' ? { ...each, nullable: true, optional: true } : each]
      })
      const added: Field[] = more ? [{ name: 'added', type: { kind: 'string' }, optional: true }] : []
      return { ...was, type: { kind: 'struct', fields: [...added, ...kept] } }
    })
}

function valueFor({ type, nullable, optional }: Field): fc.Arbitrary<unknown> {
  const value = plainOf(type)
  const gaps = [
    ...(nullable === true ? [fc.constant(null)] : []),
    ...(optional === true ? [fc.constant(undefined)] : []),
  ]
  return gaps.length === 0 ? value : fc.oneof(value, ...gaps)
}

function plainOf(type: DataType): fc.Arbitrary<unknown> {
  switch (type.kind) {
    case 'float64':
    case 'timestamp':
      return fc.double()
    case 'int32':
      return fc.integer()
    case 'int64':
      return fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
    case 'boolean':
      return fc.boolean()
    case 'string':
      return fc.string()
    case 'bytes':
      return fc.uint8Array({ maxLength: 4 })
    case 'date':
      return fc.date()
    case 'any':
      return fc.oneof(fc.string(), fc.constant(null), fc.integer())
    case 'list':
      return fc.array(valueFor(type.item), { maxLength: 3 })
    case 'struct':
      return fc.tuple(...type.fields.map(valueFor)).map((values) => {
        const result: Record<string, unknown> = {}
        type.fields.forEach((each, i) => {
          if (values[i] !== undefined || each.type.kind === 'any') result[each.name] = values[i]
        })
        return result
      })
  }
}

const convert = (was: Field, now: Field, value: unknown): unknown => {
  const conversion = conversionOf(was, now)
  return conversion === undefined ? value : conversion(value)
}

describe('a type that changes', () => {
  it('has a conversion wherever it is judged possible, and what comes out is of the new type', () => {
    let possible = 0
    fc.assert(
      fc.property(
        declaration.chain((was) => fc.tuple(fc.constant(was), edited(was), valueFor(was))),
        ([was, now, value]) => {
          expect(misfit(was, value)).toBeUndefined()
          const { possible: fits, same, reason } = compareFields(was, now)
          expect(reason === '').toBe(same)
          if (!fits) return
          possible++
          expect(misfit(now, convert(was, now, value))).toBeUndefined()
        },
      ),
      { numRuns: 500 },
    )
    expect(possible).toBeGreaterThan(200)
  })

  it('is judged for any two types without a crash, and the same type is the same', () => {
    fc.assert(
      fc.property(declaration, declaration, (was, now) => {
        expect(compareFields(was, was)).toMatchObject({ same: true, possible: true })
        compareFields(was, now)
        expect(typeText(now).length).toBeGreaterThan(0)
      }),
    )
  })

  it('is told with the place in the value', () => {
    const of = (kind: DataType['kind']): Field => ({
      name: '',
      type: {
        kind: 'struct',
        fields: [{ name: 'items', type: { kind: 'list', item: { name: 'item', type: { kind } as DataType } } }],
      },
    })
    expect(compareFields(of('string'), of('int32'))).toMatchObject({
      possible: false,
      reason: 'items[] changed from string to int32',
    })
    expect(typeText(of('string'))).toBe('{ items: string[] }')
    expect(misfit(of('int32'), { items: [1, 2.5] })).toBe('items[1] is 2.5, not int32')
    expect(misfit(of('int32'), { items: [], more: 1 })).toContain('property more')
  })
})
