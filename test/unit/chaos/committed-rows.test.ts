import { describe, expect, it } from 'vitest'
import { buildBatch, buildControlBatch } from '../../../proto/kafka/records/index.ts'
import { CommittedRows } from '../../chaos/committed-rows.ts'

let offset = 0
function at(batch: Buffer, records: number): Buffer {
  batch.writeBigInt64BE(BigInt(offset), 0)
  offset += records
  return batch
}

function data(producerId: number, ...values: string[]): Buffer {
  const transactional = producerId >= 0
  const records = values.map((value) => ({ key: null, value: Buffer.from(value), timestamp: 1 }))
  const sequence = { producerEpoch: transactional ? 0 : -1, baseSequence: transactional ? 0 : -1 }
  return at(buildBatch({ codec: 'none', producerId, ...sequence, transactional, records }), values.length)
}

const marker = (kind: 'commit' | 'abort', producerId: number): Buffer =>
  at(buildControlBatch(kind, producerId, 0, 0, 1), 1)

describe('rows by markers', () => {
  it('count with a commit, wherever others ended, and in none of the other cases', () => {
    offset = 0
    const found = new CommittedRows()
    const batches = [data(1, 'a', 'b'), data(2, 'c'), data(-1, 'plain'), data(3, 'd'), marker('abort', 2), data(1, 'e')]
    batches.push(marker('commit', 1), data(2, 'f'), marker('commit', 2), data(1, 'g'), marker('abort', 1))
    found.add(Buffer.concat(batches))
    expect(found.rows.map((each) => `${each.offset} ${each.value}`)).toEqual(['3 plain', '0 a', '1 b', '6 e', '8 f'])
    expect(found.nextOffset).toBe(offset)
  })

  it('count once where batches come again, and a batch that is cut off comes again', () => {
    offset = 0
    const found = new CommittedRows()
    const [first, second, end] = [data(1, 'a'), data(1, 'b'), marker('commit', 1)]
    found.add(Buffer.concat([first, second.subarray(0, 30)]))
    expect(found.nextOffset).toBe(1)
    found.add(Buffer.concat([first, second, end]))
    expect(found.rows.map((each) => each.value)).toEqual(['a', 'b'])
  })
})
