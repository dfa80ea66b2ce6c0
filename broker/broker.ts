/**
 * A broker in this process: opens the data directory, replays the metadata, wires coordinators and handlers, and listens. Used by
 * `millrace start --role broker` and inside of other processes, so nothing here ends the process or listens to signals.
 *
 * Promises: when `startBroker` resolves, requests are taken; when it throws, nothing is left open. `close` answers what has
 * begun, then closes the log with its clean marker, so that the next start need not read it again.
 */
import { assert } from '../core/assert.ts'
import { type Config, loadConfig } from '../core/config/index.ts'
import { configureFaultsFrom, testFaults } from '../core/faults.ts'
import { createLogger } from '../core/log.ts'
import type { Monitored } from '../core/monitor/monitor.ts'
import { systemClock } from '../core/platform/clock.ts'
import { type Disk, systemDisk } from '../core/platform/disk.ts'
import { systemNetwork } from '../core/platform/net.ts'
import { descriptorLimit } from '../core/platform/processes.ts'
import { systemRandom } from '../core/platform/random.ts'
import { Dispatcher } from './api/dispatch.ts'
import type { Coordinators } from './coordinator/coordinators.ts'
import { BrokerCounts, brokerMetrics } from './counts.ts'
import { type DescriptorShares, shareDescriptors } from './descriptors.ts'
import { brokerErrors } from './errors.ts'
import { everyBrokerOption } from './every-option.ts'
import { fixedSettings } from './fixed-settings.ts'
import { brokerTable, startCoordinators } from './handlers.ts'
import { openFilesMax } from './log/options.ts'
import { type DataDirectory, openDataDirectory } from './metadata/data-directory.ts'
import { Settings } from './metadata/settings.ts'
import { Topics } from './metadata/topics.ts'
import { type Advertised, parseAdvertised, parseListeners, refuseInsecure } from './net/listener-spec.ts'
import { type BoundListener, BrokerServer, type ServerLimits } from './net/server.ts'
import * as options from './options.ts'
import type { BrokerPlatform } from './platform.ts'
import { AddressQuotas } from './quota/address-quotas.ts'
import { ClientQuotas } from './quota/client-quotas.ts'
import { type Access, openAccess } from './security/access.ts'
import { securityErrors } from './security/errors.ts'
import * as securityOptions from './security/options.ts'

export interface RunningBroker extends Monitored {
  readonly id: number
  readonly clusterId: string
  /** host:port of the first listener, as clients are told. */
  readonly address: string
  readonly listeners: readonly BoundListener[]
  readonly topics: Topics
  readonly coordinators: Coordinators
  /** Resolves when everything is on the disk. */
  close(): Promise<void>
}

/**
 * `values`: options by key; those of other rooms are passed over. Throws CONFIG_…, BROKER_…, BROKER_LOG_… (the data directory)
 * and BROKER_SECURITY_….
 */
export async function startBroker(
  values: Readonly<Record<string, string>>,
  given: Partial<BrokerPlatform> = {},
): Promise<RunningBroker> {
  const platform: BrokerPlatform = {
    clock: systemClock,
    disk: systemDisk,
    network: systemNetwork,
    random: systemRandom,
    log: given.log ?? createLogger('broker'),
    descriptorLimit: descriptorLimit(),
    ...given,
  }
  if (testFaults.key in values) configureFaultsFrom(values)
  const config = configOf(values)
  const specs = parseListeners(config.get(options.listeners))
  const advertised = parseAdvertised(config.get(options.advertisedListeners), specs)
  if (!config.get(options.allowInsecure)) {
    for (const spec of specs) refuseInsecure(spec, config.get(options.tlsClients) === 'required')
  }
  const tls = readTls(config, platform.disk)
  const startedMs = platform.clock.monotonic()
  const shares = sharesOf(config, platform)
  const directory = await openDataDirectory(config, platform, shares.openFilesMax)
  const closers: (() => Promise<void> | void)[] = [() => directory.close()]
  const closeAll = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close()
  }
  directory.logs.tail.reserve()
  try {
    return await wire()
  } catch (error) {
    await closeAll()
    throw error
  }

  async function wire(): Promise<RunningBroker> {
    const { clock, random, log } = platform
    const { metadata, store } = directory
    const brokerId = config.get(options.brokerId)
    const settings = new Settings(() => metadata.image, brokerId, config, fixedSettings(config, specs))
    const topics = await Topics.open({
      metadata,
      store,
      settings,
      limits: {
        topicsMax: config.get(options.topicsMax),
        partitionsMax: config.get(options.partitionsMax),
        defaultPartitions: config.get(options.defaultPartitions),
      },
      brokerId,
      random,
      log,
    })
    const access = openBrokerAccess(config, directory, platform)
    const closed = specs.find((spec) => spec.protocol.startsWith('SASL'))
    if (closed !== undefined && !access.hasUsers()) {
      throw securityErrors.create('NO_USERS', { listener: closed.name })
    }
    const bound = new Map<string, Advertised>()
    const view = {
      brokerId,
      topics,
      metadata,
      settings,
      clock,
      dataDirectory: directory.path,
      disk: platform.disk,
      endpoint: (name: string): Advertised => {
        const found = bound.get(name)
        assert(found !== undefined, `no listener ${name}`)
        return found
      },
    }
    const counts = new BrokerCounts()
    const coordinators = await startCoordinators(view, config, platform)
    const table = brokerTable({ view, config, platform, access, coordinators, counts })
    const quotas = new ClientQuotas(metadata, clock)
    const addresses = new AddressQuotas(metadata, clock)
    const dispatcher = new Dispatcher({ table, authorizer: access.authorizer, quotas, clock, log })
    const server = new BrokerServer({
      clock,
      network: platform.network,
      log,
      handler: dispatcher,
      limits: { ...limitsOf(config), connectionsMax: shares.connectionsMax },
      saslMechanisms: access.mechanisms,
      tls,
      admits: (address) => addresses.admits(address),
      sent: (pieces) => directory.logs.lent.giveBack(pieces),
    })
    closers.push(() => server.close(config.get(options.shutdownTimeout)))
    // First to go: members that wait for others are answered, so that the server need not wait for them.
    closers.push(() => coordinators.close())
    const listeners: BoundListener[] = []
    for (const spec of specs) {
      // Clients that come at once are told where it is: known before the first of them is answered.
      const listener = await server.listen(spec)
      const told = advertised.get(spec.name) ?? { host: reachable(spec.host), port: listener.port }
      bound.set(spec.name, told)
      listeners.push(listener)
    }
    const first = bound.get((specs[0] as (typeof specs)[number]).name) as Advertised
    const address = `${first.host}:${first.port}`
    const { clusterId } = metadata.image
    const elapsedMs = Math.round(clock.monotonic() - startedMs)
    let metrics: Monitored['metrics'] | undefined
    log.info({ id: brokerId, clusterId, address, topics: topics.count, elapsedMs }, 'the broker takes requests')
    return {
      id: brokerId,
      clusterId,
      address,
      listeners,
      topics,
      coordinators,
      get metrics() {
        metrics ??= brokerMetrics(server, table, topics, counts, quotas, directory.logs, { process: false })
        return metrics
      },
      unready: () => (closers.length > 0 ? undefined : 'the broker shuts down'),
      close: closeAll,
    }
  }
}

function configOf(values: Readonly<Record<string, string>>): Config {
  const own = new Set(everyBrokerOption.map((each) => each.key))
  const known = Object.fromEntries(Object.entries(values).filter(([key]) => own.has(key)))
  return loadConfig(everyBrokerOption, [{ name: 'configuration', values: known }])
}

/** With less than this somebody will wonder why clients are sent away. */
const fewConnections = 1000

function sharesOf(config: Config, { descriptorLimit: limit, log }: BrokerPlatform): DescriptorShares {
  const wanted = { connectionsMax: config.get(options.connectionsMax), openFilesMax: config.get(openFilesMax) }
  const shares = shareDescriptors(limit, wanted)
  if (shares.connectionsMax < Math.min(wanted.connectionsMax, fewConnections))
    log.warn({ limit, ...shares }, 'the process may have few files open (ulimit -n), and takes few connections')
  return shares
}

function limitsOf(config: Config): Omit<ServerLimits, 'connectionsMax'> {
  return {
    frameBytesMax: config.get(options.requestBytesMax),
    unsentBytesMax: 1024 * 1024,
    pipelinedMax: 64,
    idleTimeoutMs: config.get(options.idleTimeout),
    writeTimeoutMs: config.get(options.writeTimeout),
    requestTimeoutMs: config.get(options.requestTimeout),
    authenticationTimeoutMs: config.get(options.authenticationTimeout),
    connectionsPerAddressMax: config.get(options.connectionsPerAddressMax),
    heldBytesMax: config.get(options.heldBytesMax),
  }
}

function openBrokerAccess(config: Config, directory: DataDirectory, platform: BrokerPlatform): Access {
  const settings = {
    mechanisms: config.get(securityOptions.saslMechanismsOption),
    usersFile: config.get(securityOptions.usersFile),
    authorizer: config.get(securityOptions.authorizer) as 'none' | 'acl',
    superUsers: config.get(securityOptions.superUsers),
    allowWithoutEntries: config.get(securityOptions.allowWithoutEntries),
  }
  return openAccess(settings, directory.metadata, platform.disk, platform.random)
}

function readTls(config: Config, disk: Disk) {
  const read = (path: string): Buffer => {
    try {
      return disk.read(path)
    } catch (cause) {
      throw brokerErrors.create('TLS_FILE', { path, reason: (cause as Error).message }, { cause })
    }
  }
  const key = config.get(options.tlsKey)
  const cert = config.get(options.tlsCert)
  if (key === undefined || cert === undefined) return undefined
  const ca = config.get(options.tlsCa)
  return {
    key: read(key),
    cert: read(cert),
    ca: ca === undefined ? undefined : read(ca),
    clients: config.get(options.tlsClients) as 'none' | 'requested' | 'required',
    handshakeTimeoutMs: 10_000,
  }
}

/** A host that clients can connect to, where the broker listens on all of them. */
function reachable(host: string): string {
  return host === '0.0.0.0' || host === '::' ? 'localhost' : host
}
