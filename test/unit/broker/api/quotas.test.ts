import { afterEach, describe, expect, it } from 'vitest'
import type { RequestOf } from '../../../../proto/kafka/apis.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { type BrokerHarness, batchOf, startBrokerHarness } from '../../../support/broker-harness.ts'
import { fetchOf, produceOf, type WireClient } from '../../../support/wire-client.ts'

const harnesses: BrokerHarness[] = []

afterEach(async () => {
  for (const harness of harnesses.splice(0)) await harness.close()
})

async function start(options: Record<string, string> = {}): Promise<BrokerHarness> {
  const harness = await startBrokerHarness(options)
  harnesses.push(harness)
  return harness
}

type Entry = RequestOf<'AlterClientQuotas'>['entries'][number]
type Values = Readonly<Record<string, number | null>>

const entry = (entity: Readonly<Record<string, string | null>>, values: Values): Entry => ({
  entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
  ops: Object.entries(values).map(([key, value]) => ({ key, value: value ?? 0, remove: value === null })),
})

const alter = (client: WireClient, entries: Entry[], version = 1, validateOnly = false) =>
  client.call('AlterClientQuotas', version, { entries, validateOnly })

type Component = RequestOf<'DescribeClientQuotas'>['components'][number]
const describeAll = async (client: WireClient, components: Component[] = [], strict = false) => {
  const { errorCode, entries } = await client.call('DescribeClientQuotas', 1, { components, strict })
  expect(errorCode).toBe(0)
  return (entries ?? []).map(({ entity, values }) => [
    Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName])),
    Object.fromEntries(values.map(({ key, value }) => [key, value])),
  ])
}

describe('quotas of clients', () => {
  it.each([0, 1])('are set, told, changed and taken back, in version %i, and outlive a restart', async (version) => {
    const harness = await start()
    const client = harness.connect()
    const entries = [
      entry({ user: 'ann', 'client-id': null }, { producer_byte_rate: 1024, request_percentage: 12.5 }),
      entry({ 'client-id': 'c' }, { consumer_byte_rate: 2048 }),
    ]
    const altered = await alter(client, entries, version)
    expect(altered.entries).toMatchObject([
      { errorCode: 0, entity: entries[0]?.entity },
      { errorCode: 0, entity: entries[1]?.entity },
    ])
    await alter(client, [entry({ 'client-id': 'd' }, { consumer_byte_rate: 1 })], version, true)
    await alter(client, [entry({ user: 'ann', 'client-id': null }, { producer_byte_rate: null })], version)
    await harness.restart()
    expect(await describeAll(harness.connect())).toEqual([
      [{ user: 'ann', 'client-id': null }, { request_percentage: 12.5 }],
      [{ 'client-id': 'c' }, { consumer_byte_rate: 2048 }],
    ])
  })

  it('are found by exact name, by "all others" and by type', async () => {
    const client = (await start()).connect()
    const of = (entity: Readonly<Record<string, string | null>>) => entry(entity, { producer_byte_rate: 1 })
    await alter(client, [
      of({ user: 'ann' }),
      of({ user: null }),
      of({ user: 'ann', 'client-id': 'c' }),
      of({ 'client-id': 'c' }),
    ])
    const found = async (components: Component[], strict = false) =>
      (await describeAll(client, components, strict)).map(([entity]) => entity)
    const user = (matchType: number, match: string | null = null) => ({ entityType: 'user', matchType, match })
    expect(await found([user(0, 'ann')])).toEqual([{ user: 'ann' }, { user: 'ann', 'client-id': 'c' }])
    expect(await found([user(0, 'ann')], true)).toEqual([{ user: 'ann' }])
    expect(await found([user(1)])).toEqual([{ user: null }])
    expect(await found([user(2)], true)).toEqual([{ user: 'ann' }, { user: null }])
    expect(await found([user(2), { entityType: 'client-id', matchType: 0, match: 'c' }])).toEqual([
      { user: 'ann', 'client-id': 'c' },
    ])
    expect(await found([{ entityType: 'ip', matchType: 2, match: null }])).toEqual([])
    for (const bad of [[user(3)], [user(0)], [user(1, 'x')], [user(2), user(1)]]) {
      const refused = await client.call('DescribeClientQuotas', 1, { components: bad, strict: false })
      expect(refused).toMatchObject({ errorCode: kafkaError.INVALID_REQUEST, entries: null })
    }
  })

  it('that make no sense are refused with a sentence, each in its own place', async () => {
    const client = (await start()).connect()
    const bad: [Entry, string][] = [
      [entry({}, { producer_byte_rate: 1 }), 'needs an entity'],
      [entry({ group: 'g' }, { producer_byte_rate: 1 }), 'the type group'],
      [entry({ ip: '127.0.0.1', user: 'a' }, { connection_creation_rate: 1 }), 'as well'],
      [entry({ ip: 'localhost' }, { connection_creation_rate: 1 }), 'not an address'],
      [entry({ ip: '0:0:0:0:0:0:0:1' }, { connection_creation_rate: 1 }), 'as ::1'],
      [entry({ ip: '10.0.0.1' }, { connection_creation_rate: 1.5 }), 'whole number'],
      [entry({ ip: '10.0.0.2' }, { producer_byte_rate: 1 }), 'not a quota of ips'],
      [entry({ user: 'g' }, { connection_creation_rate: 1 }), 'not a quota of users'],
      [entry({ user: '' }, { producer_byte_rate: 1 }), 'is empty'],
      [entry({ user: 'a' }, { controller_mutation_rate: 1 }), 'not known'],
      [entry({ user: 'b' }, { producer_byte_rate: 0 }), 'more than 0'],
      [entry({ user: 'c' }, { producer_byte_rate: 0.5 }), 'whole number'],
      [entry({ user: 'd' }, { request_percentage: Number.NaN }), 'more than 0'],
      [
        {
          ...entry({ user: 'e' }, { producer_byte_rate: 1 }),
          entity: [
            { entityType: 'user', entityName: 'e' },
            { entityType: 'user', entityName: 'f' },
          ],
        },
        'named twice',
      ],
    ]
    const good = entry({ user: 'good' }, { producer_byte_rate: 1 })
    const { entries } = await alter(client, [...bad.map(([each]) => each), good, good])
    expect(entries.map(({ errorCode }) => errorCode)).toEqual([
      ...bad.map(() => kafkaError.INVALID_REQUEST),
      0,
      kafkaError.INVALID_REQUEST,
    ])
    for (const [index, [, sentence]] of bad.entries()) expect(entries[index]?.errorMessage).toContain(sentence)
    expect(await describeAll(client)).toEqual([[{ user: 'good' }, { producer_byte_rate: 1 }]])
  })

  it('of addresses bound the connections that are opened per second', async () => {
    const harness = await start()
    const client = harness.connect()
    expect((await alter(client, [entry({ ip: '127.0.0.1' }, { connection_creation_rate: 1 })])).entries).toMatchObject([
      { errorCode: 0 },
    ])
    const opened = await Promise.allSettled(Array.from({ length: 30 }, () => describeAll(harness.connect())))
    const served = opened.filter(({ status }) => status === 'fulfilled').length
    expect(served).toBeGreaterThanOrEqual(1)
    expect(served).toBeLessThan(30)
    // Who is in stays in.
    expect(await describeAll(client)).toEqual([[{ ip: '127.0.0.1' }, { connection_creation_rate: 1 }]])
    await alter(client, [entry({ ip: '127.0.0.1' }, { connection_creation_rate: null })])
    await Promise.all(Array.from({ length: 30 }, () => describeAll(harness.connect())))
  })

  it('are for those who may describe and alter the configuration of the cluster', async () => {
    const client = (await start({ 'broker.authorizer': 'acl' })).connect()
    const { entries } = await alter(client, [entry({ user: 'a' }, { producer_byte_rate: 1 })])
    expect(entries).toMatchObject([{ errorCode: kafkaError.CLUSTER_AUTHORIZATION_FAILED }])
    const described = await client.call('DescribeClientQuotas', 1, { components: [], strict: false })
    expect(described).toMatchObject({ errorCode: kafkaError.CLUSTER_AUTHORIZATION_FAILED, entries: null })
  })
})

describe('a client beyond its quota', () => {
  const kb = (size: number): Buffer => batchOf(['x'.repeat(size * 1024)])

  it('is answered and told to wait, its next request is not looked at until then, and others are', async () => {
    const harness = await start()
    await harness.topic('t')
    const [client, other] = [harness.connect(), harness.connect()]
    await alter(other, [entry({ 'client-id': 'wire' }, { producer_byte_rate: 50 * 1024 })])
    const began = performance.now()
    const first = await client.call('Produce', 9, produceOf('t', 0, kb(150)))
    expect(first.responses[0]?.partitionResponses[0]?.errorCode).toBe(0)
    expect(first.throttleTimeMs).toBeGreaterThan(1000)
    expect(first.throttleTimeMs).toBeLessThanOrEqual(2020)
    let isReleased = false
    const waiting = client.call('Metadata', 9, {
      topics: [],
      allowAutoTopicCreation: false,
      includeClusterAuthorizedOperations: false,
      includeTopicAuthorizedOperations: false,
    })
    void waiting.then(() => {
      isReleased = true
    })
    // Another connection of the same client is answered, since it was not muted yet, and told to wait.
    const { throttleTimeMs } = await other.call('ListGroups', 4, { statesFilter: [], typesFilter: [] })
    expect(throttleTimeMs).toBeGreaterThan(0)
    expect(isReleased).toBe(false)
    expect((await waiting).throttleTimeMs).toBe(0)
    expect(performance.now() - began).toBeGreaterThan(first.throttleTimeMs - 50)
  })

  it("that fetches gets a second's worth at a time, and all in the end", async () => {
    const harness = await start()
    await harness.topic('t')
    const client = harness.connect()
    for (let n = 0; n < 12; n++) await client.call('Produce', 9, produceOf('t', 0, kb(16)))
    await alter(client, [entry({ user: 'ANONYMOUS' }, { consumer_byte_rate: 64 * 1024 })])
    const began = performance.now()
    let throttledMs = 0
    let fetches = 0
    for (let offset = 0; offset < 12; fetches++) {
      const answer = await client.call('Fetch', 11, fetchOf([{ topic: 't', offset }]))
      const records = answer.responses[0]?.partitions[0]?.records as Buffer
      expect(records.length).toBeLessThanOrEqual(64 * 1024)
      offset += Math.floor(records.length / (16 * 1024))
      throttledMs += answer.throttleTimeMs
    }
    expect(fetches).toBe(4)
    // 193 KB, 64 of them at once.
    expect(throttledMs).toBeGreaterThan(0)
    expect(performance.now() - began).toBeGreaterThan(1000)
  })

  it('that wants no answers waits as well', async () => {
    const harness = await start()
    await harness.topic('t')
    const client = harness.connect()
    await alter(client, [entry({ user: null }, { producer_byte_rate: 100 * 1024 })])
    const began = performance.now()
    client.send('Produce', 9, produceOf('t', 0, kb(150), { acks: 0 }))
    const next = client.send('ApiVersions', 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
    await client.receive('ApiVersions', 0, next)
    expect(performance.now() - began).toBeGreaterThan(450)
  })

  it('that asks too much of the thread is told to wait', async () => {
    const harness = await start()
    const client = harness.connect()
    // A hundredth of a percent: a tenth of a millisecond in each second.
    await alter(client, [entry({ user: null }, { request_percentage: 0.01 })])
    const waits: number[] = []
    for (let n = 0; n < 4; n++) {
      const { throttleTimeMs } = await client.call('ListGroups', 4, { statesFilter: [], typesFilter: [] })
      waits.push(throttleTimeMs)
      if (throttleTimeMs > 0) break
    }
    expect(waits.at(-1)).toBeGreaterThan(0)
  })
})
