import { connect as connectPlain } from 'node:net'
import { connect } from 'node:tls'
import { afterEach, describe, expect, it } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { type Network, systemNetwork } from '../../../../core/platform/net.ts'
import type { TlsMaterial, TlsSource } from '../../../../core/tls/files.ts'
import { frameKind } from '../../../../taskmanager/network/frame.ts'
import { DataListener } from '../../../../taskmanager/network/tcp/listener.ts'
import { mutualTlsNetwork } from '../../../../taskmanager/network/tcp/mutual-tls.ts'
import { Authority, type CertificateOptions } from '../../../support/certificates.ts'
import { deploymentOf, edgeOf, locationOf } from './support.ts'

const authority = new Authority('cluster')
const strangers = new Authority('cluster')
const open: (() => void)[] = []
afterEach(() => {
  for (const close of open.splice(0).reverse()) close()
})

/** Files that a test replaces. */
class Changing implements TlsSource {
  current: TlsMaterial
  readonly #listeners: ((material: TlsMaterial) => void)[] = []

  constructor(material: TlsMaterial) {
    this.current = material
  }

  listen(changed: (material: TlsMaterial) => void): void {
    this.#listeners.push(changed)
  }

  replace(material: TlsMaterial): void {
    this.current = material
    for (const changed of this.#listeners) changed(material)
  }
}

function material(
  by: Authority,
  trusted: readonly Authority[] = [authority],
  options?: CertificateOptions,
): TlsMaterial {
  const { key, cert } = by.issue('slot', options)
  const ca = Buffer.from(trusted.map((each) => each.cert).join(''))
  return { key: Buffer.from(key), cert: Buffer.from(cert), ca, guests: undefined }
}

interface Slot {
  readonly listener: DataListener
  readonly said: string[]
  readonly failures: unknown[]
}

async function slot(network: Network): Promise<Slot> {
  const arena = Arena.create({ bytes: 1 << 20, segmentBytes: 65_536, largeSegments: 0, owner: 1 })
  const said: string[] = []
  const listener = await DataListener.open(arena, '127.0.0.1', { network, warn: (text) => said.push(text) })
  open.push(() => listener.close())
  return { listener, said, failures: [] }
}

/** What the consumer gets from the producer: the value of a watermark. */
async function transfer(producer: Slot, consumer: Slot, attempt = 1): Promise<number> {
  const arrived = Promise.withResolvers<number>()
  const events = (slot: Slot, wake: () => void) => ({
    wake,
    failed: (error: unknown) => void slot.failures.push(error),
  })
  const sending = producer.listener.exchange(
    deploymentOf(attempt),
    events(producer, () => undefined),
  )
  const receiving = consumer.listener.exchange(
    deploymentOf(attempt),
    events(consumer, () => {
      const frame = input.take()
      if (frame !== undefined) arrived.resolve(frame.value)
    }),
  )
  const output = sending.output(edgeOf(undefined), 0, 0)
  const input = receiving.input(edgeOf(undefined), 0, 0, locationOf(producer.listener.port))
  await receiving.connect()
  output.sendControl(frameKind.watermark, 0, 4711)
  return arrived.promise
}

const cluster = () => mutualTlsNetwork(new Changing(material(authority)))

describe('data connections under TLS', () => {
  it('carry frames between slots that have certificates of the cluster', async () => {
    expect(await transfer(await slot(cluster()), await slot(cluster()))).toBe(4711)
  })

  it.each([
    ['nothing', {}, /no certificate/],
    ['a certificate of another authority of the same name', strangers.issue('x'), /./],
    ['one that has expired', authority.issue('x', { to: new Date(Date.now() - 60_000) }), /expired/],
  ])('are refused to whoever shows %s, and the log says so', async (_what, identity, text) => {
    const { listener, said } = await slot(cluster())
    const came = await new Promise<string>((resolve) => {
      let bytes = ''
      const ca = authority.cert
      const socket = connect({
        port: listener.port,
        host: '127.0.0.1',
        ca,
        checkServerIdentity: () => undefined,
        ...identity,
      })
      socket.on('data', (data: Buffer) => {
        bytes += data.toString('latin1')
      })
      socket.on('error', () => undefined)
      socket.on('close', () => resolve(bytes))
      socket.write('MRDX')
    })
    expect(came).toBe('')
    expect(said.join()).toContain('the TLS handshake failed')
    expect(said.join()).toMatch(text)
  })

  it('are refused to whoever does not speak TLS', async () => {
    const { listener, said } = await slot(cluster())
    await new Promise<void>((resolve) => {
      const socket = connectPlain(listener.port, '127.0.0.1', () => socket.write('MRDX and more'))
      socket.on('error', () => undefined)
      socket.on('close', () => resolve())
      socket.resume()
    })
    expect(said.join()).toContain('does not speak TLS')
  })

  it.each([
    [
      'of a producer that is a stranger',
      () => mutualTlsNetwork(new Changing(material(strangers))),
      cluster,
      /not signed by/,
    ],
    ['of a producer without TLS', () => systemNetwork, cluster, /./],
    ['of a consumer without TLS', cluster, () => systemNetwork, /./],
    [
      'of a consumer that is a stranger',
      cluster,
      () => mutualTlsNetwork(new Changing(material(strangers, [authority]))),
      /./,
    ],
    [
      'of a producer whose certificate has expired',
      () => mutualTlsNetwork(new Changing(material(authority, [authority], { to: new Date(Date.now() - 1000) }))),
      cluster,
      /has expired/,
    ],
  ])('fail with a reason: %s', async (_whose, of, by, text) => {
    const error = await transfer(await slot(of()), await slot(by())).then(
      () => undefined,
      (failed: unknown) => failed,
    )
    expect(error).toMatchObject({
      code: expect.stringMatching(/^NETWORK_CONNECT(_FAILED|ION_LOST)$/),
      message: expect.stringMatching(text),
    })
  })

  it('use new files from the next connection on; those that stand stay', async () => {
    const [first, second] = [new Changing(material(authority)), new Changing(material(authority))]
    const [producer, consumer] = [await slot(mutualTlsNetwork(first)), await slot(mutualTlsNetwork(second))]
    expect(await transfer(producer, consumer)).toBe(4711)
    first.replace(material(strangers, [authority, strangers]))
    await expect(transfer(producer, consumer, 2)).rejects.toMatchObject({ code: 'NETWORK_CONNECT_FAILED' })
    expect(consumer.failures.splice(0)).toMatchObject([{ message: expect.stringContaining('not signed by') }])
    second.replace(material(strangers, [strangers]))
    expect(await transfer(producer, consumer, 3)).toBe(4711)
    expect([...producer.failures, ...consumer.failures]).toEqual([])
  })
})
