/** What has to be quick, measured on machines that do other things as well. */
import { conditionLimitMs } from './until.ts'

/** One measurement: how long each of the things took, ms, by name. */
export type Times<Name extends string> = Readonly<Record<Name, number>>

/**
 * Measures again and again until each time has kept to its limit once: a machine that is busy makes any single one late, and
 * what is too slow by itself never keeps to it. Throws with all that was measured when that takes too long.
 */
export async function inTime<Name extends string>(
  limitsMs: Times<Name>,
  measure: (round: number) => Promise<Times<Name>>,
): Promise<void> {
  const late = new Set(Object.keys(limitsMs) as Name[])
  const measured: Times<Name>[] = []
  const deadline = performance.now() + conditionLimitMs
  while (late.size > 0) {
    if (performance.now() > deadline)
      throw new Error(`never in time: ${[...late].join(' and ')}, of ${JSON.stringify(measured)}`)
    const times = await measure(measured.length)
    measured.push(times)
    for (const name of late) if (times[name] <= limitsMs[name]) late.delete(name)
  }
}
