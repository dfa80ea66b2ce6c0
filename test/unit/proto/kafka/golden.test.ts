import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { readVersioned } from '../../../../proto/kafka/frame.ts'
import { readBatchHeader, readControlRecord, readRecords, verifyBatch } from '../../../../proto/kafka/records/index.ts'
import { batchRecords, type GoldenKafka, makeGolden, versioned } from '../../../golden/kafka/contents.ts'

const golden = JSON.parse(
  readFileSync(new URL('../../../golden/kafka/kafka.v2.json', import.meta.url), 'utf8'),
) as GoldenKafka

describe('the golden file of Kafka formats', () => {
  it('is what is written today', () => {
    expect(makeGolden()).toEqual(golden)
  })

  it('has a batch of records that is read', () => {
    const batch = Buffer.from(golden.batch, 'hex')
    expect(verifyBatch(batch)).toBeUndefined()
    const header = readBatchHeader(batch)
    expect(header).toMatchObject({ baseOffset: 4_294_967_296, leaderEpoch: 5, lastSequence: 19, isTransactional: true })
    expect(readRecords(batch, header)).toEqual(
      batchRecords.map((record, index) => ({ ...record, offset: 4_294_967_296 + index })),
    )
  })

  it.each(['commit', 'abort'] as const)('has a %s that is read', (kind) => {
    const batch = Buffer.from(golden[kind], 'hex')
    expect(readControlRecord(batch, readBatchHeader(batch))).toMatchObject({ kind, coordinatorEpoch: 9 })
  })

  it.each(versioned.map((each) => [each[0].name, each] as const))(
    'has a %s that is read',
    (name, [codec, , message]) => {
      expect(readVersioned(Buffer.from(golden.records[name], 'hex'), codec)).toEqual(message)
    },
  )

  it('is refused in a version that is not known', () => {
    const [[codec]] = versioned
    expect(() => readVersioned(Buffer.from([0, 99]), codec)).toThrow('GroupMetadataKey has no version 99, only 2 to 2')
  })
})
