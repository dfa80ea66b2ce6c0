/**
 * A cluster inside of this process, for development: a JobManager and TaskManagers on loopback, with their data in a
 * folder of their own that goes when they close.
 */
import { isMillraceError } from '../../core/errors.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { isAlive } from '../../core/platform/processes.ts'

export interface DevCluster {
  /** host:port of the JobManager. */
  readonly address: string
  /** Starts another TaskManager when there are fewer slots than this. */
  ensureSlots(slots: number): Promise<void>
  close(): Promise<void>
}

const base = '.millrace/dev'

/** Throws JOBMANAGER_PORT_IN_USE for a port that was asked for; otherwise a free one takes its place. */
export async function startDevCluster(
  port: number | undefined,
  options: Readonly<Record<string, string>>,
): Promise<DevCluster> {
  removeLeftOvers()
  const directory = systemDisk.absolute(`${base}/${process.pid}`)
  systemDisk.makeDirectory(directory)
  const common = {
    ...options,
    'jobmanager.rpc.address': '127.0.0.1',
    'jobmanager.data-dir': `${directory}/jobmanager`,
  }
  const jobManager = await startJobManagerAt(port, common)
  const colon = jobManager.address.lastIndexOf(':')
  const taskManagers: { close(): Promise<void> }[] = []
  let slotsTotal = 0
  return {
    address: jobManager.address,
    async ensureSlots(slots) {
      if (slots <= slotsTotal) return
      const { startTaskManager } = await import('../../taskmanager/main.ts')
      const missing = slots - slotsTotal
      slotsTotal = slots
      taskManagers.push(
        await startTaskManager({
          ...common,
          'jobmanager.rpc.port': jobManager.address.slice(colon + 1),
          'taskmanager.numberOfTaskSlots': String(missing),
          'taskmanager.data-dir': `${directory}/taskmanager-${taskManagers.length}`,
        }),
      )
    },
    async close() {
      for (const taskManager of taskManagers) await taskManager.close()
      await jobManager.close()
      systemDisk.remove(directory)
    },
  }
}

async function startJobManagerAt(
  port: number | undefined,
  config: Readonly<Record<string, string>>,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  const { startJobManager } = await import('../../jobmanager/main.ts')
  try {
    return await startJobManager({ ...config, 'jobmanager.rpc.port': String(port ?? 6123) })
  } catch (error) {
    if (port !== undefined || !isMillraceError(error, 'JOBMANAGER_PORT_IN_USE')) throw error
    return startJobManager({ ...config, 'jobmanager.rpc.port': '0' })
  }
}

/** Folders of processes that ended without a chance to tidy up. */
function removeLeftOvers(): void {
  if (!systemDisk.exists(base)) return
  for (const name of systemDisk.list(base)) {
    if (/^\d+$/.test(name) && !isAlive(Number(name))) systemDisk.remove(`${base}/${name}`)
  }
}
