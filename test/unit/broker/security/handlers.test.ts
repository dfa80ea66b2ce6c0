import { afterEach, describe, expect, it } from 'vitest'
import type { RequestOf } from '../../../../proto/kafka/apis.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { type BrokerHarness, batchOf, startBrokerHarness } from '../../../support/broker-harness.ts'
import { produceOf, type WireClient } from '../../../support/wire-client.ts'

const harnesses: BrokerHarness[] = []

afterEach(async () => {
  for (const harness of harnesses.splice(0)) await harness.close()
})

async function connect(options: Record<string, string>): Promise<WireClient> {
  const harness = await startBrokerHarness(options)
  harnesses.push(harness)
  return harness.connect()
}

const aclOn = { 'broker.authorizer': 'acl' }
const everything = { ...aclOn, 'broker.super-users': 'User:ANONYMOUS' }

type Creation = RequestOf<'CreateAcls'>['creations'][number]
const read: Creation = {
  resourceType: 2,
  resourceName: 'orders',
  resourcePatternType: 3,
  principal: 'User:ann',
  host: '*',
  operation: 3,
  permissionType: 3,
}
const anyEntry = {
  resourceTypeFilter: 1,
  resourceNameFilter: null,
  patternTypeFilter: 1,
  principalFilter: null,
  hostFilter: null,
  operation: 1,
  permissionType: 1,
}

describe('access control lists', () => {
  it.each([0, 1, 2, 3])('are made, found and removed, in version %i', async (version) => {
    const client = await connect(everything)
    const creations = [read, { ...read, operation: 4 }, read, { ...read, principal: 'ann' }]
    const { results } = await client.call('CreateAcls', version, { creations })
    expect(results.map(({ errorCode }) => errorCode)).toEqual([0, 0, 0, kafkaError.INVALID_REQUEST])
    const described = await client.call('DescribeAcls', version, { ...anyEntry, patternTypeFilter: 3 })
    expect(described).toMatchObject({
      errorCode: 0,
      resources: [{ resourceType: 2, resourceName: 'orders', acls: [{ operation: 3 }, { operation: 4 }] }],
    })
    const filters = [
      { ...anyEntry, patternTypeFilter: 3, operation: 4 },
      { ...anyEntry, patternTypeFilter: 3, resourceNameFilter: 'nothing' },
    ]
    const { filterResults } = await client.call('DeleteAcls', version, { filters })
    expect(filterResults.map(({ matchingAcls }) => matchingAcls.length)).toEqual([1, 0])
    const left = await client.call('DescribeAcls', version, { ...anyEntry, patternTypeFilter: 3 })
    expect(left.resources.flatMap(({ acls }) => acls)).toEqual([
      { principal: 'User:ann', host: '*', operation: 3, permissionType: 3 },
    ])
  })

  it('refuse filters of unknown kinds, each for itself', async () => {
    const client = await connect(everything)
    const filters = [{ ...anyEntry, operation: 0 }, anyEntry]
    const { filterResults } = await client.call('DeleteAcls', 2, { filters })
    expect(filterResults.map(({ errorCode }) => errorCode)).toEqual([kafkaError.INVALID_REQUEST, 0])
    const described = await client.call('DescribeAcls', 2, { ...anyEntry, resourceTypeFilter: 0 })
    expect(described.errorCode).toBe(kafkaError.INVALID_REQUEST)
  })

  it('are not served without an authorizer, and not to whoever may not alter the cluster', async () => {
    for (const [options, error] of [
      [{}, kafkaError.SECURITY_DISABLED],
      [aclOn, kafkaError.CLUSTER_AUTHORIZATION_FAILED],
    ] as const) {
      const client = await connect(options)
      const created = await client.call('CreateAcls', 3, { creations: [read] })
      expect(created.results).toMatchObject([{ errorCode: error }])
      const deleted = await client.call('DeleteAcls', 3, { filters: [anyEntry] })
      expect(deleted.filterResults).toMatchObject([{ errorCode: error, matchingAcls: [] }])
      expect((await client.call('DescribeAcls', 3, anyEntry)).errorCode).toBe(error)
    }
  })

  it('are asked by every API that touches a resource: refused is what nothing allows', async () => {
    const client = await connect(aclOn)
    const produced = await client.call('Produce', 9, produceOf('orders', 0, batchOf(['a'])))
    expect(produced.responses[0]?.partitionResponses[0]?.errorCode).toBe(kafkaError.TOPIC_AUTHORIZATION_FAILED)
    const topics = [{ name: 'orders', numPartitions: 1, replicationFactor: 1, assignments: [], configs: [] }]
    const created = await client.call('CreateTopics', 7, { topics, timeoutMs: 1000, validateOnly: false })
    expect(created.topics[0]?.errorCode).toBe(kafkaError.TOPIC_AUTHORIZATION_FAILED)
    const initialised = await client.call('InitProducerId', 4, {
      transactionalId: null,
      transactionTimeoutMs: 1000,
      producerId: -1,
      producerEpoch: -1,
      enable2Pc: false,
      keepPreparedTxn: false,
    })
    expect(initialised.errorCode).toBe(kafkaError.CLUSTER_AUTHORIZATION_FAILED)
    const listed = await client.call('ListGroups', 4, { statesFilter: [], typesFilter: [] })
    expect(listed.groups).toEqual([])
  })
})

describe('SCRAM credentials', () => {
  const upsertion = {
    name: 'ann',
    mechanism: 1,
    iterations: 4096,
    salt: Buffer.from('salt'),
    saltedPassword: Buffer.alloc(32, 1),
  }

  it('are set, told without their secrets, and removed', async () => {
    const client = await connect({})
    const twice = { deletions: [], upsertions: [upsertion, { ...upsertion, mechanism: 2, iterations: 8192 }] }
    expect(await client.call('AlterUserScramCredentials', 0, twice)).toMatchObject({
      results: [{ user: 'ann', errorCode: 0 }],
    })
    const described = await client.call('DescribeUserScramCredentials', 0, { users: null })
    expect(described.results).toMatchObject([
      { user: 'ann', errorCode: 0, credentialInfos: [{ mechanism: 1 }, { mechanism: 2, iterations: 8192 }] },
    ])
    const deletions = [{ name: 'ann', mechanism: 1 }]
    await client.call('AlterUserScramCredentials', 0, { deletions, upsertions: [] })
    const left = await client.call('DescribeUserScramCredentials', 0, { users: [{ name: 'ann' }, { name: 'bob' }] })
    expect(left.results).toMatchObject([
      { user: 'ann', errorCode: 0, credentialInfos: [{ mechanism: 2 }] },
      { user: 'bob', errorCode: kafkaError.RESOURCE_NOT_FOUND },
    ])
  })

  it('are refused user by user: weak, unknown, twice, or not there', async () => {
    const client = await connect({})
    const upsertions = [
      { ...upsertion, name: 'weak', iterations: 100 },
      { ...upsertion, name: 'slow', iterations: 1_000_000 },
      { ...upsertion, name: 'odd', mechanism: 9 },
      { ...upsertion, name: 'twice' },
      { ...upsertion, name: 'twice' },
      { ...upsertion, name: '' },
      { ...upsertion, name: 'good' },
    ]
    const { results } = await client.call('AlterUserScramCredentials', 0, {
      deletions: [{ name: 'nobody', mechanism: 1 }],
      upsertions,
    })
    expect(Object.fromEntries(results.map(({ user, errorCode }) => [user, errorCode]))).toEqual({
      nobody: kafkaError.RESOURCE_NOT_FOUND,
      weak: kafkaError.UNACCEPTABLE_CREDENTIAL,
      slow: kafkaError.UNACCEPTABLE_CREDENTIAL,
      odd: kafkaError.UNSUPPORTED_SASL_MECHANISM,
      twice: kafkaError.DUPLICATE_RESOURCE,
      '': kafkaError.UNACCEPTABLE_CREDENTIAL,
      good: 0,
    })
    const described = await client.call('DescribeUserScramCredentials', 0, { users: null })
    expect(described.results.map(({ user }) => user)).toEqual(['good'])
  })

  it('are for those who may alter the cluster', async () => {
    const client = await connect(aclOn)
    const altered = await client.call('AlterUserScramCredentials', 0, { deletions: [], upsertions: [upsertion] })
    expect(altered.results).toMatchObject([{ errorCode: kafkaError.CLUSTER_AUTHORIZATION_FAILED }])
    const described = await client.call('DescribeUserScramCredentials', 0, { users: null })
    expect(described.errorCode).toBe(kafkaError.CLUSTER_AUTHORIZATION_FAILED)
  })
})

describe('DescribeClientQuotas', () => {
  const all = { components: [], strict: false }

  it('tells that there are none, in every version', async () => {
    const client = await connect({})
    for (const version of [0, 1]) {
      expect(await client.call('DescribeClientQuotas', version, all)).toMatchObject({ errorCode: 0, entries: [] })
    }
  })

  it('is refused without the right', async () => {
    const refused = await (await connect(aclOn)).call('DescribeClientQuotas', 1, all)
    expect(refused).toMatchObject({ errorCode: kafkaError.CLUSTER_AUTHORIZATION_FAILED, entries: null })
  })
})
