/**
 * The JobManager process: wires store, cluster and server. `startJobManager` is also used inside of other processes, so
 * nothing here ends the process or listens to signals.
 */
import { join, resolve } from 'node:path'
import { assert } from '../core/assert.ts'
import { loadConfig } from '../core/config/index.ts'
import { configureFaults } from '../core/faults.ts'
import { createLogger } from '../core/log.ts'
import type { Monitored } from '../core/monitor/monitor.ts'
import { systemClock } from '../core/platform/clock.ts'
import { systemDisk } from '../core/platform/disk.ts'
import { systemRandom } from '../core/platform/random.ts'
import { s3Settings, useS3 } from '../core/storage/s3/options.ts'
import { Cluster } from './cluster/cluster.ts'
import { JobStore } from './job-store.ts'
import { jobManagerMetrics } from './metrics.ts'
import * as options from './options.ts'
import { clientService } from './rpc/client-service.ts'
import { controlService } from './rpc/control-service.ts'
import { startServer } from './rpc/server.ts'

export interface RunningJobManager extends Monitored {
  /** host:port for TaskManagers and clients. */
  readonly address: string
  /** Ends connections; jobs stay in the store and go on when a JobManager starts again. */
  close(): Promise<void>
}

/**
 * `values`: options by key; those of other rooms are passed over. Resolves when the port is open and the jobs of the store
 * have been taken over. Throws CONFIG_…, JOBMANAGER_PORT_IN_USE, JOBMANAGER_STORE_UNREADABLE.
 */
export async function startJobManager(values: Readonly<Record<string, string>>): Promise<RunningJobManager> {
  const own = options.jobManagerOptions.map((each) => each.key as string)
  const known = Object.fromEntries(Object.entries(values).filter(([key]) => own.includes(key)))
  const config = loadConfig(options.jobManagerOptions, [{ name: 'configuration', values: known }])
  configureFaults(config)
  useS3(s3Settings(values))
  const log = createLogger('jobmanager')
  const directory = resolve(config.get(options.dataDirectory))
  const host = config.get(options.bindHost) ?? config.get(options.rpcAddress)
  let address = ''
  let cluster: Cluster | undefined
  const rpc = {
    host,
    port: config.get(options.rpcPort),
    allowInsecure: config.get(options.allowInsecure),
    messageBytesMax: config.get(options.messageBytesMax),
  }
  const server = await startServer(rpc, (port) => {
    address = `${host}:${port}`
    const store = new JobStore(systemDisk, directory)
    const epoch = store.nextEpoch()
    const made = new Cluster({
      clock: systemClock,
      random: systemRandom,
      store,
      config,
      epoch,
      checkpoints: join(directory, 'checkpoints'),
      savepoints: join(directory, 'savepoints'),
      log: (level, text, fields) => log[level](fields, text),
    })
    made.recover()
    cluster = made
    const bundleBytesMax = config.get(options.bundleBytesMax)
    return {
      control: controlService(made, store, (level, text, fields) => log[level](fields, text)),
      client: clientService({ cluster: made, epoch, bundleBytesMax, address: () => address }),
    }
  })
  assert(cluster !== undefined, 'the server asked for no services')
  const served = cluster
  let open = true
  log.info({ address, directory }, 'JobManager is ready')
  return {
    address,
    metrics: jobManagerMetrics(served, systemClock),
    unready: () => (open ? undefined : 'the JobManager shuts down'),
    async close() {
      open = false
      served.close()
      await server.close()
    },
  }
}
