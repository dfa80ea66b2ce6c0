import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MetadataImage } from '../../../../broker/metadata/image.ts'
import { decodeRecord, encodeRecord, type MetadataRecord } from '../../../../broker/metadata/records.ts'

const samples: MetadataRecord[] = [
  { kind: 'cluster', clusterId: 'bWlsbHJhY2UtY2x1c3RlcA', brokerId: 1, createdMs: 1_700_000_000_000 },
  { kind: 'broker-started', epoch: 3, startedMs: 1_700_000_000_001 },
  {
    kind: 'topic',
    name: 'flights',
    topicId: 'q83vEjRWeJCrze8SNFZ4kA',
    partitions: 4,
    internal: false,
    configs: { 'retention.ms': '1000' },
  },
  { kind: 'partitions', topicId: 'q83vEjRWeJCrze8SNFZ4kA', partitions: 8 },
  { kind: 'topic-config', topicId: 'q83vEjRWeJCrze8SNFZ4kA', name: 'cleanup.policy', value: 'compact' },
  { kind: 'topic-config', topicId: 'q83vEjRWeJCrze8SNFZ4kA', name: 'retention.ms', value: null },
  { kind: 'broker-config', broker: '', name: 'log.retention.ms', value: '5000' },
  { kind: 'producer-ids', next: 2000 },
  {
    kind: 'acl',
    id: 'a',
    resourceType: 2,
    resourceName: 'flights',
    patternType: 3,
    principal: 'User:alice',
    host: '*',
    operation: 3,
    permission: 3,
  },
  { kind: 'acl-removed', id: 'a' },
  {
    kind: 'scram',
    user: 'älice',
    mechanism: 2,
    iterations: 4096,
    salt: 'c2FsdA==',
    storedKey: 'a2V5',
    serverKey: 'a2V5',
  },
  { kind: 'scram-removed', user: 'älice', mechanism: 2 },
  { kind: 'topic-deleted', topicId: 'q83vEjRWeJCrze8SNFZ4kA' },
  { kind: 'snapshot-begin' },
  { kind: 'snapshot-end' },
]

/** What version 2 brought. */
const newer: MetadataRecord[] = [
  { kind: 'quota', entity: { user: 'älice', 'client-id': null }, key: 'producer_byte_rate', value: 1024 },
  { kind: 'quota', entity: { 'client-id': 'c' }, key: 'request_percentage', value: 12.5 },
  { kind: 'quota', entity: { user: 'älice', 'client-id': null }, key: 'producer_byte_rate', value: null },
]

/** What version 3 brought. */
const newest: MetadataRecord[] = [
  { kind: 'quota', entity: { ip: '10.0.0.1' }, key: 'connection_creation_rate', value: 5 },
  { kind: 'quota', entity: { ip: null }, key: 'connection_creation_rate', value: null },
]

describe('records of the metadata log', () => {
  it('are read back as they were written', () => {
    for (const record of [...samples, ...newer, ...newest])
      expect(decodeRecord(encodeRecord(record), 0)).toEqual(record)
  })

  it.each([
    [1, samples],
    [2, newer],
    [3, newest],
  ])('are those of version %i for ever', (version, records) => {
    const golden = new URL(`../../../golden/broker/metadata-records.v${version}.json`, import.meta.url)
    const lines = JSON.parse(readFileSync(golden, 'utf8')) as string[]
    expect(records.map((record) => encodeRecord(record).toString('base64'))).toEqual(lines)
    expect(lines.map((line) => decodeRecord(Buffer.from(line, 'base64'), 0))).toEqual(records)
    for (const record of records) expect(encodeRecord(record).readInt16BE(0)).toBe(version)
  })

  it('are refused with a sentence when they are newer, torn or made up', () => {
    const bytes = encodeRecord(samples[0] as MetadataRecord)
    const unknown = Buffer.from(bytes)
    unknown.writeInt16BE(4)
    expect(() => decodeRecord(unknown, 7)).toThrow(expect.objectContaining({ code: 'BROKER_METADATA_NEWER' }))
    const unreadable = expect.objectContaining({ code: 'BROKER_METADATA_UNREADABLE' })
    expect(() => decodeRecord(bytes.subarray(0, 20), 7)).toThrow(unreadable)
    expect(() => decodeRecord(Buffer.from('\u0000\u0001{"kind":"toString"}'), 7)).toThrow(unreadable)
    expect(() => decodeRecord(Buffer.from('\u0000\u0001{"kind":"partitions","topicId":1,"partitions":2}'), 7)).toThrow(
      'topicId of partitions',
    )
    for (const entity of ['[]', '{"group":"g"}', '{"user":1}', 'null'])
      expect(() =>
        decodeRecord(Buffer.from(`\u0000\u0002{"kind":"quota","entity":${entity},"key":"k","value":1}`), 7),
      ).toThrow('entity of quota')
  })

  it('never crash the reader, whatever the bytes', () => {
    fc.assert(
      fc.property(
        fc.nat(samples.length - 1),
        fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }),
        (index, edits) => {
          const bytes = encodeRecord(samples[index] as MetadataRecord)
          for (const [at, value] of edits) bytes[at % bytes.length] = value
          try {
            decodeRecord(bytes, 0)
          } catch (error) {
            expect((error as { code?: string }).code).toMatch(/^BROKER_METADATA_/)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})

describe('the image of the metadata', () => {
  it('is the same after its own records are replayed', () => {
    const image = new MetadataImage()
    // All but the deletions.
    for (const record of samples.filter((each) => !/deleted|removed/.test(each.kind))) image.apply(record, 0)
    for (const record of newer.slice(0, 2)) image.apply(record, 0)
    const copy = new MetadataImage()
    for (const record of image.toRecords()) copy.apply(record, 0)
    expect(copy.toRecords()).toEqual(image.toRecords())
    expect(copy.topics.get('flights')).toEqual({
      name: 'flights',
      topicId: 'q83vEjRWeJCrze8SNFZ4kA',
      partitions: 8,
      internal: false,
      configs: { 'cleanup.policy': 'compact' },
    })
    expect(copy.partitionCount).toBe(8)
    expect(copy.nextProducerId).toBe(2000)
    expect(copy.brokerConfigs('').get('log.retention.ms')).toBe('5000')
    expect([...copy.quotas.values()].map(({ entity, values }) => [entity, Object.fromEntries(values)])).toEqual([
      [{ user: 'älice', 'client-id': null }, { producer_byte_rate: 1024 }],
      [{ 'client-id': 'c' }, { request_percentage: 12.5 }],
    ])
  })

  it('keeps one quota for an entity however it is written down, and none that was taken back', () => {
    const image = new MetadataImage()
    const key = 'producer_byte_rate'
    image.apply({ kind: 'quota', entity: { user: 'a', 'client-id': 'b' }, key, value: 1 }, 0)
    image.apply({ kind: 'quota', entity: { 'client-id': 'b', user: 'a' }, key, value: 2 }, 0)
    image.apply({ kind: 'quota', entity: { user: 'a', 'client-id': null }, key, value: 3 }, 0)
    expect([...image.quotas.values()].map(({ values }) => values.get(key))).toEqual([2, 3])
    image.apply({ kind: 'quota', entity: { user: 'a', 'client-id': 'b' }, key, value: null }, 0)
    expect(image.quotas.size).toBe(1)
  })

  it('forgets a deleted topic, and refuses records about it', () => {
    const image = new MetadataImage()
    for (const record of samples) image.apply(record, 0)
    expect(image.topics.size).toBe(0)
    expect(image.partitionCount).toBe(0)
    expect(image.acls.size + image.scramCount).toBe(0)
    expect(() => image.apply(samples[3] as MetadataRecord, 9)).toThrow('at offset 9')
  })
})
