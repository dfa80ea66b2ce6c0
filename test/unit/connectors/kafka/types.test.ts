/** What the types of the Kafka source and sink infer. */
import { expect, expectTypeOf, it } from 'vitest'
import { type KafkaMetadata, sink, source } from '../../../../connectors/index.ts'
import type { Sink } from '../../../../sdk/sink.ts'
import type { Source } from '../../../../sdk/source.ts'
import { t } from '../../../../sdk/types.ts'

const Line = t.object({ n: t.float64(), text: t.string() })

it('infers records from declared values, formats and metadata', () => {
  const plain = source.kafka({ topic: 'a', value: Line })
  expectTypeOf(plain).toEqualTypeOf<Source<{ n: number; text: string }>>()
  const more = source.kafka({ topic: 'a', value: Line, with: ['key', 'offset'] })
  expectTypeOf(more).toEqualTypeOf<Source<{ n: number; text: string } & Pick<KafkaMetadata, 'key' | 'offset'>>>()
  expectTypeOf(source.kafka({ topic: 'a' })).toEqualTypeOf<Source<unknown>>()
  expectTypeOf(source.kafka({ topic: 'a', format: 'string' })).toEqualTypeOf<Source<string>>()
  const own = source.kafka({ topic: 'a', format: { decode: (value) => value?.length ?? 0 } })
  expectTypeOf(own).toEqualTypeOf<Source<number>>()
  expect([plain.name, more.bounded, plain.type]).toEqual(['kafka a', false, Line])
  expect(more.type?.dataType).toMatchObject({
    fields: [{ name: 'n' }, { name: 'text' }, { name: 'key' }, { name: 'offset' }],
  })
})

it('takes a key from the fields of the record', () => {
  const made = sink.kafka<{ id: string; n: number }>({ topic: 'a', key: 'id' })
  expectTypeOf(made).toExtend<Sink<{ id: string; n: number }>>()
  // @ts-expect-error: the record has no such field
  expect(() => sink.kafka<{ id: string }>({ topic: 'a', key: 'other' })).not.toThrow()
  expect(made.guarantee).toBe('exactly-once')
  expect(() => sink.kafka({ topic: 'a', value: {} })).toThrow('encode')
  expect(() => sink.kafka({ topic: 'a', compression: 'rar' as never })).toThrow('none, gzip, snappy, lz4, zstd')
})
