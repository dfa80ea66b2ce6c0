/** `millrace start --role …`: a server process in the foreground, until SIGTERM or Ctrl-C. */
import { configureLogging } from '../../core/log.ts'
import type { Monitored } from '../../core/monitor/monitor.ts'
import { boundYoungGeneration, giveBackGarbage } from '../../core/platform/heap.ts'
import { addressOf, type ClusterFlags, parseDefinitions } from '../cluster.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { openMonitor } from '../monitor.ts'
import { processConfig } from '../process-config.ts'
import type { Terminal } from '../terminal.ts'

export interface StartFlags extends ClusterFlags {
  readonly role: 'jobmanager' | 'taskmanager' | 'broker'
  readonly config?: string
  /** Of a broker: host:port, or listeners as broker.listeners has them. */
  readonly listen?: string
  /** Of a broker. */
  readonly data?: string
  readonly authorizer?: string
  readonly superUsers?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly tlsCa?: string
  readonly clientAuth?: string
  readonly saslMechanisms?: string
  readonly usersFile?: string
  readonly define?: readonly string[]
}

export async function start(terminal: Terminal, flags: StartFlags): Promise<ExitCode> {
  const definitions = parseDefinitions(flags.define)
  if (flags.jobmanager !== undefined) {
    const address = addressOf(flags)
    if (address.includes(',')) {
      if (flags.role !== 'taskmanager') {
        throw cliErrors.create('BAD_ARGUMENT', { problem: 'only a taskmanager has several JobManagers' })
      }
      definitions['jobmanager.rpc.addresses'] = address
    }
    const colon = address.lastIndexOf(':')
    if (!address.includes(',')) {
      definitions['jobmanager.rpc.address'] = address.slice(0, colon)
      definitions['jobmanager.rpc.port'] = address.slice(colon + 1)
    }
  }
  Object.assign(definitions, brokerDefinitions(flags))
  let config = processConfig(flags.config, definitions).toRecord()
  if (flags.role === 'broker' && secures(flags) && !('broker.listeners' in config)) {
    config = { ...config, 'broker.listeners': listenerOf('127.0.0.1:9092', flags) }
  }
  // Lines for people on a terminal, for machines elsewhere.
  configureLogging({ format: terminal.interactive ? 'text' : 'json' })
  const stopped = stopSignal()
  const monitor = await openMonitor(flags.role, config)
  try {
    const refused = Promise.withResolvers<never>()
    const server = await startRole(terminal, flags.role, config, refused.reject)
    monitor?.started(server)
    terminal.clock.setTimeout(giveBackGarbage, settledMs).unref()
    // It has one heap, in which hardly anything lives longer than a request.
    if (flags.role === 'broker') boundYoungGeneration(youngBytesOfBroker)
    try {
      const signal = await Promise.race([stopped, refused.promise])
      terminal.note(`${flags.role} stops (${signal})`)
      monitor?.stopping()
      await server.drain?.()
    } finally {
      monitor?.stopping()
      await server.close()
    }
  } finally {
    await monitor?.close()
  }
  return exitCodes.ok
}

/** What the flags of a broker are as options. Throws CLI_BAD_ARGUMENT for those that another role does not have. */
export function brokerDefinitions(flags: StartFlags): Record<string, string> {
  const given = {
    'broker.listeners': flags.listen === undefined ? undefined : listenerOf(flags.listen, flags),
    'broker.data-dir': flags.data,
    'broker.authorizer': flags.authorizer,
    'broker.super-users': flags.superUsers,
    'broker.tls.cert': flags.tlsCert,
    'broker.tls.key': flags.tlsKey,
    'broker.tls.ca': flags.tlsCa,
    'broker.tls.client-auth': flags.clientAuth,
    'broker.sasl.mechanisms': flags.saslMechanisms,
    'broker.sasl.users-file': flags.usersFile,
  }
  const set = Object.entries(given).filter((each): each is [string, string] => each[1] !== undefined)
  if (set.length > 0 && flags.role !== 'broker') {
    throw cliErrors.create('BAD_ARGUMENT', { problem: `${set[0]?.[0]} is of a broker; this is a ${flags.role}` })
  }
  return Object.fromEntries(set)
}

const secures = ({ tlsCert, usersFile, saslMechanisms }: StartFlags): boolean =>
  tlsCert !== undefined || usersFile !== undefined || saslMechanisms !== undefined

/** A plain `host:port` gets the protocol that the other flags ask for. */
function listenerOf(listen: string, flags: StartFlags): string {
  const tls = flags.tlsCert !== undefined
  const sasl = flags.usersFile !== undefined || flags.saslMechanisms !== undefined
  const protocol = sasl ? (tls ? 'SASL_SSL' : 'SASL_PLAINTEXT') : tls ? 'SSL' : 'PLAINTEXT'
  return listen
    .split(',')
    .map((each) => (each.includes('://') ? each : `${protocol}://${each.trim()}`))
    .join(',')
}

/** Whoever waited for the process has connected, or does not care. */
const settledMs = 3000

const youngBytesOfBroker = 16 * 1024 * 1024

async function startRole(
  terminal: Terminal,
  role: StartFlags['role'],
  config: Readonly<Record<string, string>>,
  refused: (error: Error) => void,
): Promise<Monitored & { drain?(): Promise<void>; close(): Promise<void> }> {
  if (role === 'jobmanager') {
    const { startJobManager } = await import('../../jobmanager/main.ts')
    const server = await startJobManager(config)
    terminal.out(terminal.json ? JSON.stringify({ role, address: server.address }) : `JobManager at ${server.address}`)
    return server
  }
  if (role === 'taskmanager') {
    const { startTaskManager } = await import('../../taskmanager/main.ts')
    const server = await startTaskManager(config, { refused })
    terminal.out(terminal.json ? JSON.stringify({ role, id: server.id }) : `TaskManager ${server.id}`)
    return server
  }
  if (role === 'broker') {
    const { startBroker } = await import('../../broker/main.ts')
    const server = await startBroker(config)
    const { address, id, clusterId } = server
    terminal.out(terminal.json ? JSON.stringify({ role, address, id, clusterId }) : `broker at ${address}`)
    return server
  }
  throw cliErrors.create('BAD_ARGUMENT', {
    problem: `there is no role ${String(role)}; roles are jobmanager, taskmanager, broker`,
  })
}

/** The signal that asks this process to end. A second one ends it at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(exitCodes.failed)
        asked = true
        resolve(signal)
      })
    }
  })
}
