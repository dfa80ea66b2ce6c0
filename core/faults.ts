/**
 * Bugs that a test may put into the engine, to see that the tests which look for such bugs find them. All are off unless
 * `test.faults` names them; nobody sets that outside of tests.
 *
 * Concurrency: each thread has its own registry and turns its faults on at its start.
 */
import { type Config, option, type ValueType } from './config/index.ts'

/**
 *   skip-barrier   alignment does not wait for the first channel of a subtask
 *   drop-delta     a restore leaves the newest run of each chain out
 *   commit-early   a sink commits when it prepares, not when the checkpoint is complete
 *   reuse-epoch    attempts keep their number, and nobody turns an older attempt away
 *   drop-batch     each slot loses one batch that was on its way
 *   unseen-runs    a checkpoint counts although nobody looked whether its runs are stored
 *   sweep-needed   runs that a kept checkpoint needs are deleted with the others
 *   outstay-lease  a leader goes on when its lease is over
 *   skip-sequence  a partition of the broker takes every batch, whatever its sequence
 *   early-ack      a partition of the broker acknowledges what is not synced yet
 *   lose-abort     the broker does not tell readers which transactions were aborted
 *   forget-epoch   a producer that takes over a transactional id gets the epoch of the one before
 */
export const faultNames = [
  'skip-barrier',
  'drop-delta',
  'commit-early',
  'reuse-epoch',
  'drop-batch',
  'unseen-runs',
  'sweep-needed',
  'outstay-lease',
  'skip-sequence',
  'early-ack',
  'lose-abort',
  'forget-epoch',
] as const
export type FaultName = (typeof faultNames)[number]

const listed: ValueType<readonly FaultName[]> = {
  name: `list of ${faultNames.join(', ')}`,
  parse(text) {
    const words = text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '')
    return words.map((word) => {
      const found = faultNames.find((name) => name === word)
      if (found === undefined) throw new Error(`"${word}" is not one of ${faultNames.join(', ')}`)
      return found
    })
  },
  format: (names) => names.join(','),
}

export const testFaults = option({
  key: 'test.faults',
  type: listed,
  default: [],
  scope: 'cluster',
  doc: 'For tests of the engine only: bugs to put into it, separated by commas. Results are wrong with any of them.',
})

let active: ReadonlySet<FaultName> = new Set()
/** Times that `faultAt` was asked, by fault. */
const asked = new Map<FaultName, number>()

/** From now on these faults, and no others, are on in this thread. */
export function turnOnFaults(names: readonly FaultName[]): void {
  active = new Set(names)
  asked.clear()
}

/** The same from a configuration that knows `testFaults`. */
export function configureFaults(config: Config): void {
  turnOnFaults(config.get(testFaults))
}

/** The same from options by key, as a slot thread has them. Throws an Error for a fault that there is not. */
export function configureFaultsFrom(values: Readonly<Record<string, string>>): void {
  turnOnFaults(listed.parse(values[testFaults.key] ?? ''))
}

export function faulty(name: FaultName): boolean {
  return active.size > 0 && active.has(name)
}

/** True once in this thread: the `n`th time it is asked, counted from 1. */
export function faultAt(name: FaultName, n: number): boolean {
  if (!faulty(name)) return false
  const count = (asked.get(name) ?? 0) + 1
  asked.set(name, count)
  return count === n
}
