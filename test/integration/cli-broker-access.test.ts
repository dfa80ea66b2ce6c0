import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../cli/program.ts'
import { KafkaCluster, KafkaProducer } from '../../connectors/kafka/client/index.ts'
import { type BrokerHarness, startBrokerHarness } from '../support/broker-harness.ts'
import { recordingTerminal } from '../support/recording-terminal.ts'

let harness: BrokerHarness

beforeAll(async () => {
  harness = await startBrokerHarness({ 'broker.authorizer': 'acl', 'broker.super-users': 'User:ANONYMOUS' })
})
afterAll(() => harness.close())

async function millrace(line: string, input: readonly string[] = []) {
  const argv = line.split(' ')
  const terminal = recordingTerminal(argv.includes('--json'), undefined, input)
  const code = await runCli([...argv, '-b', harness.broker.address], () => terminal)
  return { code, out: terminal.outLines.join('\n'), notes: terminal.noteLines.join('\n') }
}

const json = async (line: string, input: readonly string[] = []): Promise<unknown> =>
  JSON.parse((await millrace(`${line} --json`, input)).out)

describe('acls', () => {
  it('are added, listed for what they concern, and removed', async () => {
    expect((await millrace('acls list')).notes).toBe('no access control entries')
    await millrace('acls add alice read,describe --topic orders --group billing')
    await millrace('acls add User:* write --topic or --prefix --deny --host 10.0.0.1')
    await millrace('acls add bob cluster-action --cluster')
    expect(await json('acls list')).toHaveLength(6)
    expect(await json('acls list --topic orders')).toEqual(
      expect.arrayContaining([
        {
          principal: 'User:*',
          permission: 'deny',
          operation: 'write',
          resource: 'topic',
          name: 'or',
          pattern: 'prefixed',
          host: '10.0.0.1',
        },
      ]),
    )
    expect(await json('acls list --topic orders')).toHaveLength(3)
    expect(await json('acls list --principal bob')).toMatchObject([{ resource: 'cluster', name: 'kafka-cluster' }])
    expect((await millrace('acls list --principal bob')).out).toMatch(/^PRINCIPAL .*\nUser:bob +allow +cluster-action/)
    expect(await json('acls remove alice read --topic orders')).toHaveLength(1)
    expect((await millrace('acls remove alice read --topic orders')).code).toBe(4)
    expect(await json('acls list --topic orders')).toHaveLength(2)
  })

  it('that make no sense are refused', async () => {
    expect(await millrace('acls add alice reed --topic x')).toMatchObject({
      code: 2,
      notes: expect.stringContaining('Did you mean read?'),
    })
    expect((await millrace('acls add alice read')).notes).toContain('for what?')
  })
})

describe('users', () => {
  it('are made with a password that leaves the machine salted, given another, and deleted', async () => {
    expect((await millrace('users list')).notes).toBe('no users')
    expect((await millrace('users add alice', ['secret\nmore'])).out).toBe(
      'alice may log in by SCRAM-SHA-256 and SCRAM-SHA-512',
    )
    await millrace('users add bob --mechanism SCRAM-SHA-512 --iterations 5000', ['pw\n'])
    expect(await json('users list')).toEqual([
      {
        user: 'alice',
        mechanisms: [
          { mechanism: 'SCRAM-SHA-256', iterations: 8192 },
          { mechanism: 'SCRAM-SHA-512', iterations: 8192 },
        ],
      },
      { user: 'bob', mechanisms: [{ mechanism: 'SCRAM-SHA-512', iterations: 5000 }] },
    ])
    await millrace('users delete alice --mechanism SCRAM-SHA-256')
    expect((await millrace('users list')).out).toMatch(/alice +SCRAM-SHA-512 +8192\nbob +SCRAM-SHA-512 +5000$/)
    expect((await millrace('users delete bob --mechanism scram-sha-256')).code).toBe(4)
    expect((await millrace('users delete bob')).out).toBe('bob deleted')
    expect((await millrace('users delete bob')).code).toBe(4)
  })

  it('are not made without a password, with one iteration, or by a mechanism that there is not', async () => {
    expect(await millrace('users add carl', [])).toMatchObject({
      code: 2,
      notes: expect.stringContaining('no password'),
    })
    expect((await millrace('users add carl --iterations 1', ['x\n'])).code).toBe(2)
    expect((await millrace('users add carl --mechanism PLAIN', ['x\n'])).code).toBe(2)
    expect((await millrace('users add carl --password-file /nowhere', [])).code).toBe(4)
  })
})

describe('quotas', () => {
  it('are set for users and clients, changed, listed and deleted', async () => {
    expect((await millrace('quotas list')).notes).toBe('no quotas')
    expect((await millrace('quotas set --principal User:eva --client * --produce 1mb --requests 50%')).code).toBe(0)
    await millrace('quotas set --client batch --consume 1500')
    await millrace('quotas set --address 10.0.0.1 --connections 5')
    expect((await millrace('quotas list')).out.split('\n').map((line) => line.trim().split(/\s{2,}/))).toEqual([
      ['USER', 'CLIENT', 'ADDRESS', 'PRODUCE', 'CONSUME', 'REQUESTS', 'CONNECTIONS'],
      ['eva', '*', '1mb/s', '-', '50 %', '-'],
      ['batch', '-', '1.5kb/s', '-', '-'],
      ['10.0.0.1', '-', '-', '-', '5/s'],
    ])
    expect((await millrace('quotas delete --address 10.0.0.1')).out).toBe('deleted')
    await millrace('quotas set --principal eva --client * --produce none --consume 2mb')
    await millrace('quotas delete --client batch')
    expect(await json('quotas list')).toEqual([
      {
        entity: { user: 'eva', 'client-id': null },
        values: { request_percentage: 50, consumer_byte_rate: 2 * 1024 * 1024 },
      },
    ])
    expect(await json('quotas delete --principal eva --client *')).toEqual({
      deleted: ['request_percentage', 'consumer_byte_rate'],
    })
    expect(await json('quotas list')).toEqual([])
  })

  it('that make no sense are refused', async () => {
    const refused = async (line: string): Promise<string> => {
      const { code, notes } = await millrace(line)
      expect(code, line).toBe(2)
      return notes
    }
    expect(await refused('quotas set --produce 1mb')).toContain('whose quotas?')
    expect(await refused('quotas set --client a')).toContain('nothing to set')
    expect(await refused('quotas set --client a --produce fast')).toContain('bytes per second')
    expect(await refused('quotas set --client a --requests 0')).toContain('percent')
    expect(await refused('quotas set --address * --connections many')).toContain('number of connections')
    const gone = await millrace('quotas delete --client nobody --principal *')
    expect(gone).toMatchObject({
      code: 4,
      notes: expect.stringContaining('no quota of each other user and client-id nobody'),
    })
    expect((await millrace('quotas set --address here --connections 1')).notes).toContain('here is not an address')
    expect((await millrace('quotas set --address ::ffff:10.0.0.1 --connections 1')).notes).toContain('as 10.0.0.1')
    expect((await millrace('quotas set --address 10.0.0.1 --client a --connections 1')).notes).toContain(
      'cannot be one of',
    )
    expect((await millrace('quotas set --address 10.0.0.1 --produce 1mb')).notes).toContain('not a quota of ips')
    expect((await millrace('quotas set --client a --produce 0b')).notes).toContain('has to be more than 0')
  })
})

describe('records', () => {
  it('before a place are given up', async () => {
    await millrace('topic create cut -p 2')
    await millrace('produce cut -p 0', ['a\nb\nc\nd\n'])
    expect(await json('topic delete-records cut --before 1 -p 0')).toEqual({
      topic: 'cut',
      partitions: [{ partition: 0, start: 1, deleted: 1 }],
    })
    expect((await millrace('topic delete-records cut --before -1')).out).toMatch(/^PARTITION.*\n0 +3 +2\n1 +0 +0$/)
    expect((await millrace('consume cut')).out).toBe('d')
    expect((await millrace('topic delete-records cut --before 9 -p 0')).notes).toContain('ends at offset 4')
    expect((await millrace('topic delete-records cut --before 0 -p 7')).code).toBe(4)
    expect((await millrace('topic delete-records cut')).code).toBe(2)
    await millrace('topic delete-records cut --before latest')
    expect((await millrace('consume cut')).out).toBe('')
  })
})

describe('transactions', () => {
  it('that are open are listed, and one whose owner is gone is aborted', async () => {
    await millrace('topic create ledger')
    expect((await millrace('transactions list')).notes).toBe('no open transactions')
    const cluster = new KafkaCluster({ brokers: [harness.broker.address] })
    const producer = new KafkaProducer(cluster, { transactionalId: 'left-behind', twoPhase: 'required' })
    await producer.start()
    producer.begin()
    producer.append('ledger', 0, Date.now(), null, Buffer.from('never'), [])
    await producer.flush()
    expect(await json('transactions list')).toMatchObject([
      {
        transactionalId: 'left-behind',
        state: 'Ongoing',
        timeoutMs: 2_147_483_647,
        partitions: [{ topic: 'ledger', partition: 0 }],
      },
    ])
    expect((await millrace('transactions list')).out).toMatch(
      /^ID .*\nleft-behind +Ongoing .* never +\d+\/0 +ledger\/0$/,
    )
    expect(await millrace('transactions abort left-behin')).toMatchObject({
      code: 4,
      notes: expect.stringContaining('Did you mean left-behind?'),
    })
    expect((await millrace('transactions abort left-behind')).out).toBe('left-behind aborted; its producer is shut out')
    expect((await millrace('transactions abort left-behind')).code).toBe(4)
    expect((await millrace('transactions abort')).code).toBe(2)
    expect((await millrace('transactions list')).notes).toBe('no open transactions')
    expect((await millrace('transactions list --all')).out).toMatch(/left-behind +Empty +-/)
    expect((await millrace('consume ledger')).out).toBe('')
    await expect(producer.commit()).rejects.toMatchObject({ code: 'KAFKA_FENCED' })
    await cluster.close()
  })
})
