import { fileURLToPath } from 'node:url'
import { Kafka, logLevel, type SASLOptions } from 'kafkajs'
import { afterEach, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { systemNetwork } from '../../core/platform/net.ts'
import { until } from '../support/until.ts'
import { WireClient } from '../support/wire-client.ts'

const tls = (name: string): string => fileURLToPath(new URL(`../support/tls/${name}.pem`, import.meta.url))
const serverTls = { 'broker.tls.key': tls('server.key'), 'broker.tls.cert': tls('server') }
const open: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
})

async function start(values: Record<string, string>): Promise<RunningBroker> {
  const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-listeners-')
  open.push(() => systemDisk.remove(directory))
  const users = `${directory}.users`
  systemDisk.write(users, 'alice=secret\n')
  open.push(() => systemDisk.remove(users))
  const broker = await startBroker({ 'broker.data-dir': directory, 'broker.sasl.users-file': users, ...values })
  open.push(() => broker.close())
  return broker
}

function kafka(address: string, more: { ssl?: object; sasl?: SASLOptions } = {}): Kafka {
  const retry = { retries: 0 }
  return new Kafka({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry,
    connectionTimeout: 60_000,
    ...more,
  } as never)
}

async function topics(client: Kafka): Promise<string[]> {
  const admin = client.admin()
  try {
    await admin.connect()
    return await admin.listTopics()
  } finally {
    await admin.disconnect()
  }
}

const ca = systemDisk.read(tls('ca')).toString()

describe('listeners', () => {
  it('speak TLS, each under its own address', async () => {
    const broker = await start({ 'broker.listeners': 'PLAINTEXT://127.0.0.1:0,SSL://127.0.0.1:0', ...serverTls })
    const [plain, secure] = broker.listeners.map((each) => `127.0.0.1:${each.port}`) as [string, string]
    const admin = kafka(plain).admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic: 'shared' }] })
    await admin.disconnect()
    const secured = kafka(secure, { ssl: { ca: [ca] } })
    expect(await topics(secured)).toContain('shared')
    const described = secured.admin()
    await described.connect()
    const { brokers } = await described.describeCluster()
    await described.disconnect()
    expect(`${brokers[0]?.host}:${brokers[0]?.port}`).toBe(secure)
    // Plain bytes at the door of TLS.
    const client = new WireClient(secure)
    client.socket.write('no handshake at all')
    await client.ended()
    expect(await topics(secured)).toContain('shared')
  })

  it('count those who have not even begun the handshake of TLS', async () => {
    const limits = { 'broker.connections.max': '3' }
    const broker = await start({ 'broker.listeners': 'SSL://127.0.0.1:0', ...limits, ...serverTls })
    const silent = Array.from({ length: 3 }, () => new WireClient(broker.address))
    for (const { socket } of silent) await new Promise<void>((resolve) => socket.once('connect', () => resolve()))
    await new WireClient(broker.address).ended()
    expect(silent.map(({ closed }) => closed)).toEqual([false, false, false])
    const secured = kafka(broker.address, { ssl: { ca: [ca] } })
    for (const each of silent) each.close()
    // Those that got through give their places back as well.
    for (let round = 0; round < 8; round++) await expect.poll(() => topics(secured).catch(() => undefined)).toEqual([])
  })

  it('take nobody without a certificate where they ask for one', async () => {
    const broker = await start({
      'broker.listeners': 'SSL://127.0.0.1:0',
      'broker.tls.ca': tls('ca'),
      'broker.tls.client-auth': 'required',
      ...serverTls,
    })
    await expect(topics(kafka(broker.address, { ssl: { ca: [ca] } }))).rejects.toThrow()
    const own = { key: systemDisk.read(tls('client.key')), cert: systemDisk.read(tls('client')) }
    expect(await topics(kafka(broker.address, { ssl: { ca: [ca], ...own } }))).toEqual([])
  })

  it.each(['plain', 'scram-sha-256', 'scram-sha-512'] as const)('authenticate by SASL %s', async (mechanism) => {
    const broker = await start({ 'broker.listeners': 'SASL_SSL://127.0.0.1:0', ...serverTls })
    const as = (username: string, password: string) =>
      kafka(broker.address, { ssl: { ca: [ca] }, sasl: { mechanism, username, password } as SASLOptions })
    expect(await topics(as('alice', 'secret'))).toEqual([])
    await expect(topics(as('alice', 'wrong'))).rejects.toThrow()
    await expect(topics(as('nobody', 'secret'))).rejects.toThrow()
    await expect(topics(kafka(broker.address, { ssl: { ca: [ca] } }))).rejects.toThrow()
  })

  it('that ask for a login do not start without a user', async () => {
    const values = { 'broker.listeners': 'SASL_PLAINTEXT://127.0.0.1:0', 'broker.sasl.users-file': '/dev/null' }
    await expect(start(values)).rejects.toMatchObject({ code: 'BROKER_SECURITY_NO_USERS' })
  })

  it('tell clients the address that was given for them', async () => {
    const broker = await start({
      'broker.listeners': 'OUT=PLAINTEXT://127.0.0.1:0',
      'broker.advertised-listeners': 'OUT://broker.example:4711',
    })
    expect(broker.address).toBe('broker.example:4711')
    const client = new WireClient(`127.0.0.1:${broker.listeners[0]?.port}`)
    open.push(() => client.close())
    const cluster = await client.call('DescribeCluster', 0, {
      includeClusterAuthorizedOperations: false,
      endpointType: 1,
      includeFencedBrokers: false,
    })
    expect(cluster.brokers[0]).toMatchObject({ host: 'broker.example', port: 4711 })
  })

  it('hold thousands of connections, and let them all go', async () => {
    const broker = await start({ 'broker.listeners': '127.0.0.1:0' })
    const port = broker.listeners[0]?.port as number
    const connect = () =>
      new Promise<ReturnType<typeof systemNetwork.connect>>((resolve, reject) => {
        const socket = systemNetwork.connect({ host: '127.0.0.1', port })
        socket.once('connect', () => resolve(socket))
        socket.once('error', reject)
      })
    const untilItHolds = (count: number): Promise<boolean> =>
      until(async () => (await broker.metrics.text()).includes(`millrace_broker_connections ${count}\n`), 20)
    const sockets: Awaited<ReturnType<typeof connect>>[] = []
    while (sockets.length < 3000) {
      // As many as may wait to be taken; what comes beyond that the system drops in the middle of its handshake.
      sockets.push(...(await Promise.all(Array.from({ length: 250 }, connect))))
      await untilItHolds(sockets.length)
    }
    const client = new WireClient(broker.address)
    await client.call('ApiVersions', 0, { clientSoftwareName: '', clientSoftwareVersion: '' })
    for (const socket of sockets) socket.destroy()
    await untilItHolds(1)
    client.close()
  })
})
