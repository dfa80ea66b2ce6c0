import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { type BrokerHarness, batchOf, startBrokerHarness } from '../../../support/broker-harness.ts'

let harness: BrokerHarness

beforeAll(async () => {
  harness = await startBrokerHarness()
})

afterAll(() => harness.close())

describe('a topic that is made again while the one before is being deleted', () => {
  it('is whole: its partitions take records, and none of the old ones are there', async () => {
    const { topics } = harness.broker
    await harness.topic('again', 3)
    for (let round = 0; round < 10; round++) {
      const before = topics.get('again')
      for (const log of before?.logs ?? []) log?.append(batchOf(['old']), { origin: 'client' })
      const spec = { name: 'again', partitions: 3, replicationFactor: 1, configs: {} }
      const deleted = topics.delete({ name: 'again' })
      const made = topics.create([spec], false)
      expect(await deleted).toMatchObject({ error: kafkaError.NONE })
      expect((await made)[0]).toMatchObject({ error: kafkaError.NONE })
      const after = topics.get('again')
      expect(after?.topicId).not.toBe(before?.topicId)
      for (const log of after?.logs ?? [undefined]) {
        const result = log?.append(batchOf(['new']), { origin: 'client' })
        expect(result).toMatchObject({ kind: 'appended', baseOffset: 0 })
        await new Promise<void>((resolve, reject) => {
          log?.onCommitted(0, (error) => (error === 0 ? resolve() : reject(new Error(`error ${error}`))))
        })
      }
    }
  })

  it('and is deleted in its turn, is gone', async () => {
    const { topics } = harness.broker
    await harness.topic('twice', 2)
    const spec = { name: 'twice', partitions: 2, replicationFactor: 1, configs: {} }
    await Promise.all([
      topics.delete({ name: 'twice' }),
      topics.create([spec], false),
      topics.delete({ name: 'twice' }),
    ])
    expect(topics.get('twice')).toBeUndefined()
    expect([...topics.all].some(({ name }) => name === 'twice')).toBe(false)
  })
})
