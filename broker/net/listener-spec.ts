/**
 * Listeners as they are configured: `NAME=PROTOCOL://host:port`, several with commas; the name is the protocol's when it is
 * left out. Pure.
 */
import { brokerErrors } from '../errors.ts'

const protocols = ['PLAINTEXT', 'SSL', 'SASL_PLAINTEXT', 'SASL_SSL'] as const
export type ListenerProtocol = (typeof protocols)[number]

export interface ListenerSpec {
  readonly name: string
  readonly protocol: ListenerProtocol
  readonly host: string
  /** 0: a free one. */
  readonly port: number
}

export interface Advertised {
  readonly host: string
  readonly port: number
}

/** Throws BROKER_BAD_LISTENER. */
export function parseListeners(text: string): ListenerSpec[] {
  const specs = parts(text).map(parseListener)
  if (specs.length === 0) throw brokerErrors.create('BAD_LISTENER', { listener: `"${text}"`, reason: 'it is empty' })
  const names = new Set<string>()
  for (const { name } of specs) {
    if (names.has(name)) throw brokerErrors.create('BAD_LISTENER', { listener: name, reason: 'two have this name' })
    names.add(name)
  }
  return specs
}

/** Addresses that clients are told, by the listener's name: `NAME://host:port`, several with commas. */
export function parseAdvertised(text: string, listeners: readonly ListenerSpec[]): Map<string, Advertised> {
  const found = new Map<string, Advertised>()
  for (const part of parts(text)) {
    const match = /^([A-Za-z0-9_]+):\/\/(.+)$/.exec(part)
    if (match === null) throw bad(part, 'write NAME://host:port')
    const name = (match[1] as string).toUpperCase()
    if (!listeners.some((each) => each.name === name)) throw bad(part, `no listener has the name ${name}`)
    const { host, port } = address(part, match[2] as string)
    found.set(name, { host, port })
  }
  return found
}

/** True for the addresses that only this machine reaches. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}

/** Throws BROKER_INSECURE_LISTENER for a listener that others reach and that lacks TLS or authentication. */
export function refuseInsecure(spec: ListenerSpec, mutualTls: boolean): void {
  if (isLoopback(spec.host)) return
  const tls = spec.protocol === 'SSL' || spec.protocol === 'SASL_SSL'
  const authenticates = spec.protocol.startsWith('SASL') || (tls && mutualTls)
  if (tls && authenticates) return
  const missing = tls ? 'authentication' : authenticates ? 'TLS' : 'TLS and no authentication'
  throw brokerErrors.create('INSECURE_LISTENER', { listener: `${spec.name}://${spec.host}:${spec.port}`, missing })
}

function parseListener(part: string): ListenerSpec {
  const match = /^(?:([A-Za-z0-9_]+)=)?(?:([A-Za-z_]+):\/\/)?(.+)$/.exec(part)
  if (match === null) throw bad(part, 'write NAME=PROTOCOL://host:port')
  const word = (match[2] ?? 'PLAINTEXT').toUpperCase()
  const protocol = protocols.find((each) => each === word)
  if (protocol === undefined) throw bad(part, `protocols are ${protocols.join(', ')}`)
  return { name: (match[1] ?? protocol).toUpperCase(), protocol, ...address(part, match[3] as string) }
}

function address(part: string, text: string): Advertised {
  const colon = text.lastIndexOf(':')
  const port = Number(text.slice(colon + 1))
  if (colon < 0 || !/^\d+$/.test(text.slice(colon + 1)) || port > 65_535)
    throw bad(part, 'it has no port from 0 to 65535')
  const host = text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  if (host.includes('/') || /\s/.test(host)) throw bad(part, 'its host is not a name or an address')
  return { host: host === '' ? '0.0.0.0' : host, port }
}

function parts(text: string): string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '')
}

function bad(listener: string, reason: string): Error {
  return brokerErrors.create('BAD_LISTENER', { listener, reason })
}
