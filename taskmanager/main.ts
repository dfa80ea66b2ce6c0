/**
 * The TaskManager process: wires slots, control thread and the link to the JobManager. `startTaskManager` is also used
 * inside of other processes, so nothing here ends the process or listens to signals.
 */
import { hostname } from 'node:os'
import { join, resolve } from 'node:path'
import { Arena } from '../core/arena/arena.ts'
import { loadConfig } from '../core/config/index.ts'
import { isMillraceError } from '../core/errors.ts'
import { createLogger } from '../core/log.ts'
import type { Monitored } from '../core/monitor/monitor.ts'
import { systemClock, type TimerHandle } from '../core/platform/clock.ts'
import { systemDisk } from '../core/platform/disk.ts'
import { systemRandom } from '../core/platform/random.ts'
import { TlsFiles } from '../core/tls/files.ts'
import { parseAddresses } from '../proto/rpc/leader-channel.ts'
import { internalPaths } from '../proto/rpc/tls-options.ts'
import { packageVersion, protocolVersion } from '../proto/rpc/version.ts'
import { BundleCache } from './control/bundles.ts'
import { errors } from './control/errors.ts'
import { JobManagerLink } from './control/link.ts'
import { taskManagerMetrics } from './control/metrics.ts'
import { Slots } from './control/slots.ts'
import { TaskManager } from './control/task-manager.ts'
import * as options from './options.ts'
import { removeLeftovers, stateRoot } from './state/rocksdb/directories.ts'
import { forgetOldCopies, localStateRoot } from './state/snapshot/local-copies.ts'

export interface RunningTaskManager extends Monitored {
  readonly id: string
  /**
   * Gets no more work, and gives what runs here away: resolves when nothing is left, or after taskmanager.drain.timeout. To be
   * followed by `close`.
   */
  drain(): Promise<void>
  /** Ends slots and connections; what runs here starts again elsewhere. */
  close(): Promise<void>
}

export interface TaskManagerDoors {
  /** Module that a slot thread runs. */
  readonly slotWorker?: URL
  /** The JobManager refuses this TaskManager for good, after it was registered. */
  refused?(error: Error): void
}

/**
 * `values`: options by key; those of other rooms are passed over, and all of them reach the slots. Resolves when the slots
 * are up and the TaskManager is registered, or when there is no JobManager yet: it goes on trying. Throws CONFIG_…, TLS_…,
 * RPC_VERSION_MISMATCH, TASKMANAGER_SLOT_DID_NOT_START.
 */
export async function startTaskManager(
  values: Readonly<Record<string, string>>,
  doors: TaskManagerDoors = {},
): Promise<RunningTaskManager> {
  const own = options.taskManagerOptions.map((each) => each.key as string)
  const known = Object.fromEntries(Object.entries(values).filter(([key]) => own.includes(key)))
  const config = loadConfig(options.taskManagerOptions, [{ name: 'configuration', values: known }])
  const log = createLogger('taskmanager')
  const host = config.get(options.taskManagerHost)
  const paths = internalPaths(config)
  if (!isLoopback(host) && !config.get(options.allowInsecure) && paths === undefined) {
    throw errors.create('INSECURE_ADDRESS', { host })
  }
  const tls = paths && new TlsFiles(paths, systemDisk, systemClock, (text, fields) => log.warn(fields, text))
  const id = config.get(options.taskManagerId) ?? `tm-${systemRandom.hex(4)}`
  const heapBytes = config.get(options.slotHeap)
  const arenaBytes = config.get(options.networkMemory)
  const arena = Arena.create({ bytes: arenaBytes, segmentBytes: config.get(options.segmentSize) })
  const slots: Slots = new Slots({
    taskManagerId: id,
    count: config.get(options.slotCount),
    arena,
    worker:
      doors.slotWorker ?? new URL(`./slot/worker.${import.meta.url.endsWith('.ts') ? 'ts' : 'js'}`, import.meta.url),
    config: values,
    host,
    dataSilenceMs: config.get(options.dataSilence) ?? config.get(options.watchdogTimeout) + silenceMarginMs,
    heapBytes,
    youngHeapBytes: config.get(options.slotYoungHeap),
    message: (slot, message) => taskManager?.fromSlot(slot, message),
    ended: (slot, end) => taskManager?.slotEnded(slot, end),
  })
  let link: JobManagerLink | undefined
  let taskManager: TaskManager | undefined
  removeLeftovers(stateRoot(values), id)
  await forgetOldCopies(localStateRoot(values), systemClock.now())
  try {
    await slots.start()
  } catch (error) {
    await slots.close()
    tls?.close()
    throw error
  }
  const made = new TaskManager({
    id,
    clock: systemClock,
    slots,
    bundles: new BundleCache(systemDisk, join(resolve(config.get(options.dataDirectory)), 'bundles')),
    heapBytes,
    cancellationTimeoutMs: config.get(options.cancellationTimeout),
    watchdogTimeoutMs: config.get(options.watchdogTimeout),
    openTimeoutMs: config.get(options.openTimeout),
    send: (message) => link?.send(message),
    fetchBundle: (bundleId) => link?.fetchBundle(bundleId) ?? Promise.resolve(new Uint8Array(0)),
    log: (level, text, fields) => log[level](fields, text),
  })
  taskManager = made

  const addresses = parseAddresses(
    config.get(options.rpcAddresses) ?? `${config.get(options.rpcAddress)}:${config.get(options.rpcPort)}`,
  )
  let heartbeat: TimerHandle | undefined
  let reported: string | undefined
  let leaving = false
  const drainTimeoutMs = config.get(options.drainTimeout)
  const sayLeaving = (): void => link?.send({ kind: 'leaving', timeoutMs: drainTimeoutMs })
  const drain = async (): Promise<void> => {
    leaving = true
    // Without a JobManager nobody could give the tasks to others.
    if (drainTimeoutMs === 0 || link?.connected !== true) return
    sayLeaving()
    const beganMs = systemClock.monotonic()
    const idle = await made.whenIdle(drainTimeoutMs)
    const ms = Math.round(systemClock.monotonic() - beganMs)
    if (idle) log.info({ id, ms }, 'nothing runs here any more')
    else log.warn({ id, ms }, 'some tasks are still here; they will be restarted')
  }
  const close = async (): Promise<void> => {
    systemClock.clearTimeout(heartbeat)
    made.close()
    link?.close()
    await slots.close()
    tls?.close()
  }
  const first = new Promise<void>((done, fail) => {
    let answered = false
    link = new JobManagerLink({
      addresses,
      clock: systemClock,
      random: systemRandom,
      delayMinMs: config.get(options.reconnectDelayMin),
      delayMaxMs: config.get(options.reconnectDelayMax),
      messageBytesMax: config.get(options.messageBytesMax),
      // Who is in the cluster says the authority, not the name: Pods have addresses of the day.
      tls: tls && { source: tls, verifyHost: false },
      hello: () => ({
        id,
        host,
        hostName: hostname(),
        protocol: protocolVersion,
        version: packageVersion,
        arenaBytes,
        processId: process.pid,
        slots: made.status(),
      }),
      registered: ({ epoch, heartbeatIntervalMs, jobs }) => {
        log.info({ id, epoch, jobManager: link?.address }, 'registered')
        if (jobs) slots.warm()
        reported = undefined
        answered = true
        systemClock.clearTimeout(heartbeat)
        const beat = (): void =>
          link?.send({
            kind: 'heartbeat',
            timeMs: systemClock.now(),
            rssBytes: process.memoryUsage.rss(),
            arenaUsedBytes: arena.usedBytes,
            arenaFreeSegments: arena.freeSegments,
          })
        heartbeat = systemClock.setInterval(beat, heartbeatIntervalMs)
        // A JobManager that was started meanwhile does not know.
        if (leaving) sayLeaving()
        done()
      },
      message: (message) => made.receive(message),
      lost: (error, refused) => {
        systemClock.clearTimeout(heartbeat)
        const hint = isMillraceError(error, 'TASKMANAGER_OLD_EPOCH') ? { hint: error.hint } : {}
        // Once for each reason: it may take a while.
        if (reported !== error.message)
          log.warn({ id, error: error.message, ...hint }, refused ? 'refused by the JobManager' : 'no JobManager')
        reported = error.message
        if (refused && !answered) fail(error)
        else if (refused) doors.refused?.(error)
        answered = true
        done()
      },
    })
  })
  try {
    await first
  } catch (error) {
    await close()
    throw error
  }
  const registered = (): boolean => link?.connected === true
  return {
    id,
    metrics: taskManagerMetrics({ taskManager: made, arena, arenaBytes, clock: systemClock, registered }),
    unready: () =>
      leaving
        ? 'the TaskManager is about to end'
        : registered()
          ? undefined
          : `the JobManager at ${link?.address} does not know this TaskManager`,
    drain,
    close,
  }
}

/** A slot that is ended for being blocked is gone by then. */
const silenceMarginMs = 5000

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
