/**
 * Where RocksDB keeps its files: a directory per process of a TaskManager, in it one per stateful operator, subtask and
 * attempt. What processes leave that were killed is removed by the next TaskManager on the machine: its state is in the
 * checkpoints.
 */
import { type Disk, systemDisk } from '../../../core/platform/disk.ts'

/** `taskmanager.state.dir`, or the default beside the bundles. */
export function stateRoot(config: Readonly<Record<string, string>>): string {
  return systemDisk.absolute(
    config['taskmanager.state.dir'] ?? `${config['taskmanager.data-dir'] ?? '.millrace/taskmanager'}/state`,
  )
}

/** Directory of this process. Processes that share a root run on the same machine. */
export const processDirectory = (root: string, taskManagerId: string): string =>
  `${root}/${process.pid}-${taskManagerId.replace(/[^\w.-]/g, '_')}`

export interface SubtaskPlace {
  readonly jobId: string
  readonly attempt: number
  readonly node: number
  readonly subtask: number
}

export const subtaskDirectory = (directory: string, { jobId, attempt, node, subtask }: SubtaskPlace): string =>
  `${directory}/${jobId}-${attempt}-${node}-${subtask}`

/** TaskManagers of this process, tests have several. */
const ours = new Set<string>()

/** Removes directories of processes that are gone, and what a process left that had our number. A TaskManager calls it before any state. */
export function removeLeftovers(root: string, taskManagerId: string, disk: Disk = systemDisk): void {
  ours.add(processDirectory(root, taskManagerId))
  if (!disk.exists(root)) return
  for (const name of disk.list(root)) {
    const pid = Number(/^(\d+)-/.exec(name)?.[1])
    if (!Number.isNaN(pid) && (pid === process.pid ? !ours.has(`${root}/${name}`) : !isAlive(pid)))
      disk.remove(`${root}/${name}`)
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // Somebody else's process is one that lives.
    return (error as NodeJS.ErrnoException).code !== 'ESRCH'
  }
}
