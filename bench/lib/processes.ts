/** What processes have used, from /proc: CPU time and the peak of resident memory. Linux only, as the benchmarks are. */
import { readFileSync, writeFileSync } from 'node:fs'

export interface Usage {
  readonly cpuSeconds: number
  readonly peakRssMb: number
}

const ticksPerSecond = 100

/** Of these processes together. One that has ended counts nothing. */
export function usageOf(pids: readonly number[]): Usage {
  let cpuSeconds = 0
  let peakRssMb = 0
  for (const pid of pids) {
    const stat = readProc(pid, 'stat')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields.length > 12) cpuSeconds += (Number(fields[11]) + Number(fields[12])) / ticksPerSecond
    peakRssMb += Number(/VmHWM:\s+(\d+)/.exec(readProc(pid, 'status'))?.[1] ?? 0) / 1024
  }
  return { cpuSeconds, peakRssMb }
}

/** Starts the peak of this process anew, so that one run does not report the memory of the run before. */
export function resetPeak(): void {
  writeFileSync('/proc/self/clear_refs', '5')
}

/** Resident memory now, in MB. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readProc(pid, 'status'))?.[1] ?? 0) / 1024
}

function readProc(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, 'utf8')
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return ''
    throw error
  }
}
