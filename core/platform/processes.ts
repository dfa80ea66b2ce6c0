/** Other processes: the one door to `node:child_process`, and whether a process lives, and what this one may have open. */
import { readFileSync } from 'node:fs'

export { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process'

/**
 * Whether a process exists, whoever it belongs to. One that has ended and whose parent has not taken note (in a container, by
 * habit) does not count: it holds no file and will never run again.
 */
export function isAlive(processId: number): boolean {
  try {
    process.kill(processId, 0)
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
  try {
    // `pid (name) state …`; the name may hold anything, brackets too.
    const stat = readFileSync(`/proc/${processId}/stat`, 'latin1')
    return !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2))
  } catch {
    // Not Linux, or gone since: what the signal said stands.
    return true
  }
}

/** Files and sockets that this process may have open at a time; undefined where nobody says, or there is no limit. */
export function descriptorLimit(): number | undefined {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1]
    return soft === undefined ? undefined : Number(soft)
  } catch {
    // Not Linux.
    return undefined
  }
}

/** Ends this process at once, as kill -9 does: nothing is flushed or tidied up. For tests of what comes after. */
export function endAbruptly(): never {
  process.kill(process.pid, 'SIGKILL')
  // The signal may reach another thread first; this one must not go on.
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000)
}
