/**
 * The JobManager process: reads the configuration, takes the port, and leads: at once when it is the only one, or when it is
 * its turn among several. `startJobManager` is also used inside of other processes, so nothing here ends the process or
 * listens to signals.
 */
import { join, resolve } from 'node:path'
import { type Config, loadConfig } from '../core/config/index.ts'
import { configureFaultOrders } from '../core/fault-orders.ts'
import { configureFaults } from '../core/faults.ts'
import { createLogger } from '../core/log.ts'
import type { Monitored } from '../core/monitor/monitor.ts'
import { systemClock } from '../core/platform/clock.ts'
import { systemDisk } from '../core/platform/disk.ts'
import { systemRandom } from '../core/platform/random.ts'
import { openStorage } from '../core/storage/open-storage.ts'
import { s3Settings, useS3 } from '../core/storage/s3/options.ts'
import { TlsFiles } from '../core/tls/files.ts'
import { clientAuthentication, clientTrusted, internalPaths, named } from '../proto/rpc/tls-options.ts'
import { redisCoordination } from './ha/coordination.ts'
import { lockDirectory } from './ha/directory-lock.ts'
import { errors as haErrors } from './ha/errors.ts'
import { LocalWork } from './ha/local-work.ts'
import * as ha from './ha/options.ts'
import { openRedisTls, redisOptions, redisSettings, redisTlsPaths } from './ha/redis-options.ts'
import { Replica } from './ha/replica.ts'
import { type Log, Term } from './ha/term.ts'
import { LocalJobStore } from './job-store.ts'
import { jobManagerMetrics } from './metrics.ts'
import * as options from './options.ts'
import { startServer } from './rpc/server.ts'
import { type Services, switching } from './rpc/services.ts'

export interface RunningJobManager extends Monitored {
  /** host:port for TaskManagers and clients. */
  readonly address: string
  /** Whether it decides: false while another one leads. */
  readonly leads: boolean
  /** Ends connections; jobs stay in the store and go on when a JobManager starts again. */
  close(): Promise<void>
}

/** What stands behind the port. */
interface Seat {
  readonly term: Term | undefined
  readonly services: Services
  readonly unready: string | undefined
  close(): Promise<void>
}

/**
 * `values`: options by key; those of other rooms are passed over. Resolves when the port is open and the jobs of the store
 * have been taken over, or when it stands by. Throws CONFIG_…, TLS_…, JOBMANAGER_PORT_IN_USE, JOBMANAGER_STORE_UNREADABLE, HA_….
 */
export async function startJobManager(values: Readonly<Record<string, string>>): Promise<RunningJobManager> {
  const own = options.jobManagerOptions.map((each) => each.key as string)
  const known = Object.fromEntries(Object.entries(values).filter(([key]) => own.includes(key)))
  const config = loadConfig(options.jobManagerOptions, [{ name: 'configuration', values: known }])
  configureFaults(config)
  configureFaultOrders(config)
  useS3(s3Settings(values))
  const log = createLogger('jobmanager')
  const say: Log = (level, text, fields) => log[level](fields, text)
  const host = config.get(options.bindHost) ?? config.get(options.rpcAddress)
  const several = config.get(ha.haType) === 'redis'
  if (several) checkReplica(config)
  let address = ''
  let seat: Seat | undefined
  const tls = openTls(config, (text, fields) => log.warn(fields, text))
  const rpc = {
    host,
    tls: tls && { source: tls, clients: config.get(clientAuthentication) as 'required' | 'none' },
    port: config.get(options.rpcPort),
    allowInsecure: config.get(options.allowInsecure),
    messageBytesMax: config.get(options.messageBytesMax),
  }
  const server = await startServer(rpc, async (port) => {
    address = `${host}:${port}`
    const opened = several
      ? await openReplica(config, advertised(config, port), say)
      : await openSingle(config, () => address, say)
    seat = opened
    return switching(() => opened.services)
  }).catch((error: unknown) => {
    tls?.close()
    throw error
  })
  const behind = seat as Seat | undefined
  if (behind === undefined) throw new Error('the server asked for no services')
  let open = true
  log.info({ address, leads: behind.term !== undefined }, 'JobManager is ready')
  return {
    address,
    get leads() {
      return behind.term !== undefined
    },
    metrics: jobManagerMetrics(() => behind.term?.cluster, systemClock),
    unready: () => (open ? behind.unready : 'the JobManager shuts down'),
    async close() {
      open = false
      await behind.close()
      await server.close()
      tls?.close()
    },
  }
}

/** Throws TLS_…. */
function openTls(
  config: Config,
  warn: (text: string, fields: Readonly<Record<string, unknown>>) => void,
): TlsFiles | undefined {
  const paths = internalPaths(config)
  return paths && new TlsFiles({ ...paths, guests: named(config, clientTrusted) }, systemDisk, systemClock, warn)
}

async function openSingle(config: Config, address: () => string, log: Log): Promise<Seat> {
  const directory = resolve(config.get(options.dataDirectory))
  // The port alone does not tell: another one may have been given another port.
  const unlock = await lockDirectory(directory)
  try {
    const store = new LocalJobStore(systemDisk, directory)
    const term = new Term({
      clock: systemClock,
      random: systemRandom,
      config,
      epoch: store.nextEpoch(),
      store,
      checkpoints: join(directory, 'checkpoints'),
      savepoints: join(directory, 'savepoints'),
      address,
      work: (handlers) =>
        new LocalWork({ clock: systemClock, handlers, trouble: (text, error) => log('warn', text, { error }) }),
      log,
    })
    return {
      term,
      services: term.services,
      unready: undefined,
      async close() {
        await term.close()
        await unlock()
      },
    }
  } catch (error) {
    await unlock()
    throw error
  }
}

async function openReplica(config: Config, address: string, log: Log): Promise<Seat> {
  const storage = openStorage(config.get(ha.haStorageDirectory) ?? '')
  const cluster = config.get(ha.haClusterId)
  const leaseMs = Math.max(leaseMinMs, config.get(ha.haLease))
  const tls = openRedisTls(config, systemDisk, systemClock, (text, fields) => log('warn', `Redis: ${text}`, fields))
  const replica = new Replica({
    config,
    storage,
    coordination: redisCoordination({
      redis: redisSettings(config, tls),
      prefix: config.get(ha.haRedisPrefix),
      cluster,
      leaseMs,
      token: systemRandom.hex(16),
      // The message alone: an error of the client carries its command, in which a password may stand.
      trouble: (text, error) => log('warn', `${text}: ${error instanceof Error ? error.message : String(error)}`, {}),
    }),
    clock: systemClock,
    random: systemRandom,
    cluster,
    leaseMs,
    address: () => address,
    log,
  })
  const close = async (): Promise<void> => {
    await replica.close()
    tls.close()
  }
  try {
    await replica.start()
  } catch (error) {
    await close()
    throw error
  }
  return {
    get term() {
      return replica.term
    },
    get services() {
      return replica.services
    },
    get unready() {
      return replica.unready
    },
    close,
  }
}

const leaseMinMs = 500

/** What can be wrong without asking anybody. */
function checkReplica(config: Config): void {
  const type = config.get(ha.haType)
  if ((config.get(ha.haStorageDirectory) ?? '') === '') throw haErrors.create('NO_STORAGE_DIRECTORY', { type })
  const id = config.get(ha.haClusterId)
  if (!/^[A-Za-z0-9._-]{1,64}$/.test(id)) throw haErrors.create('BAD_CLUSTER_ID', { id })
  redisOptions(redisSettings(config))
  redisTlsPaths(config)
}

/** Where others reach this JobManager. */
function advertised(config: Config, port: number): string {
  const given = config.get(ha.haAddress) ?? config.get(options.rpcAddress)
  const bare = given.includes(':') && !given.startsWith('[') && given.split(':').length > 2
  if (bare) return `[${given}]:${port}`
  return /:\d+$/.test(given) ? given : `${given}:${port}`
}
