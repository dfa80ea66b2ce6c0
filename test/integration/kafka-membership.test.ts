/** Members of a consumer group that come and go at odd moments. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { describeGroup, KafkaAdmin, KafkaCluster, Membership } from '../../connectors/kafka/client/index.ts'
import { type BrokerHarness, startBrokerHarness } from '../support/broker-harness.ts'
import { until } from '../support/until.ts'

let harness: BrokerHarness

beforeAll(async () => {
  harness = await startBrokerHarness()
})
afterAll(() => harness.close())

// Longer than any test waits: nobody is given up in silence.
const forEver = { sessionTimeoutMs: 300_000, rebalanceTimeoutMs: 300_000, heartbeatMs: 50 }

it('one that leaves while it joins is waited for by nobody', async () => {
  const [first, second] = [0, 1].map(() => new KafkaCluster({ brokers: [harness.broker.address] }))
  const admin = new KafkaAdmin(first)
  await admin.createTopics([{ name: 'work', partitions: 4 }])
  const options = { groupId: 'readers', topics: ['work'], ...forEver }
  const stays = new Membership(first, options)
  const goes = new Membership(second, options)
  try {
    expect(await stays.join()).toHaveLength(4)
    const joining = goes.join().then(
      () => 'a member',
      (error: { code: string }) => error.code,
    )
    await stays.mustRejoin
    await goes.leave()
    expect(await stays.join()).toHaveLength(4)
    expect(await joining).toBe('KAFKA_CLOSED')
    await until(async () => (await describeGroup(first, 'readers')).members.length === 1)
  } finally {
    await Promise.all([first.close(), second.close()])
  }
})
