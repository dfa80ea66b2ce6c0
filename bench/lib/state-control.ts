/** What a running state job (state-job.ts) is told, and what it has put out: files in one directory, so that it outlives kills. */
import { readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export interface Control {
  /** Changes with each order. */
  readonly version?: number
  /** No record with this number or a higher one. Absent: on and on. */
  readonly until?: number
  /** Records per second of all subtasks together. Absent: as fast as may be. */
  readonly rate?: number
  /** Behind the first `keys` records: keys by chance below this one. Absent: all keys in order, again and again. */
  readonly hot?: number
}

export const readControl = (directory: string): Control => JSON.parse(readFileSync(join(directory, 'control'), 'utf8'))

let version = 0

export function writeControl(directory: string, control: Control): void {
  const path = join(directory, 'control')
  writeFileSync(`${path}.next`, JSON.stringify({ ...control, version: ++version }))
  renameSync(`${path}.next`, path)
}

/** What one writer of the sink put out: epoch ms, and records until then. */
export interface Output {
  readonly subtask: number
  readonly startedMs: number
  readonly timesMs: readonly number[]
  readonly counts: readonly number[]
}

export function readOutputs(directory: string): readonly Output[] {
  return readdirSync(directory)
    .filter((name) => name.startsWith('out-'))
    .map((name) => {
      const [, subtask, startedMs] = name.split('-').map(Number)
      const lines = readFileSync(join(directory, name), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' ').map(Number))
      return { subtask, startedMs, timesMs: lines.map(([time]) => time), counts: lines.map(([, count]) => count) }
    })
}

/** Records put out by all writers that there ever were. */
export const totalOf = (outputs: readonly Output[]): number =>
  outputs.reduce((total, { counts }) => total + (counts.at(-1) ?? 0), 0)

/** Records that were put out from one time to another. */
export function recordsBetween(outputs: readonly Output[], fromMs: number, toMs: number): number {
  const at = ({ timesMs, counts }: Output, timeMs: number): number =>
    counts[timesMs.findLastIndex((each) => each <= timeMs)] ?? 0
  return outputs.reduce((sum, output) => sum + at(output, toMs) - at(output, fromMs), 0)
}

/**
 * The interruption around `atMs`: from the last record of all writers that had begun before it to the moment at which
 * `writers` of those that began later have put out something. Undefined: they have not yet.
 */
export function interruption(
  outputs: readonly Output[],
  atMs: number,
  writers: number,
): { readonly lastMs: number; readonly firstMs: number; readonly allMs: number } | undefined {
  const before = outputs.filter(({ startedMs }) => startedMs < atMs)
  const firsts = outputs
    .filter(({ startedMs, timesMs }) => startedMs >= atMs && timesMs.length > 0)
    .map(({ timesMs }) => timesMs[0])
    .sort((a, b) => a - b)
  if (firsts.length < writers) return undefined
  return {
    lastMs: Math.max(...before.map(({ timesMs }) => timesMs.at(-1) ?? 0)),
    firstMs: firsts[0],
    allMs: firsts[writers - 1],
  }
}

/** The longest time without a record of any writer between two times. */
export function longestGapMs(outputs: readonly Output[], fromMs: number, toMs: number): number {
  const times = outputs.flatMap(({ timesMs }) => timesMs).filter((each) => each >= fromMs && each <= toMs)
  times.push(fromMs, toMs)
  times.sort((a, b) => a - b)
  let longest = 0
  for (let i = 1; i < times.length; i++) longest = Math.max(longest, times[i] - times[i - 1])
  return longest
}

/** Bytes of the files of a directory and all below it. */
export function bytesOf(directory: string): number {
  let bytes = 0
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' })) {
    const stat = statSync(join(directory, name), { throwIfNoEntry: false })
    if (stat?.isFile() === true) bytes += stat.size
  }
  return bytes
}
