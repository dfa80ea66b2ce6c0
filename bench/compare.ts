/**
 * Ours against another engine on a noisy machine: runs the two commands in turn (A B, B A, A B …) and prints the ratios.
 * Both print one JSON line with at least `eventsPerSecond`; the last such line counts.
 *
 *   node bench/compare.ts --ours 'CMD' --peer 'CMD' [--rounds 3]
 */
import { parseArguments } from './lib/arguments.ts'
import { inTurn, jsonLineOf, median, type Side } from './lib/in-turn.ts'

const given = parseArguments(process.argv.slice(2), {
  ours: 'our command',
  peer: 'the command of the other engine',
  rounds: 'times that each runs (3)',
})
if (given.ours === undefined || given.peer === undefined)
  throw new Error('--ours and --peer are commands that print a JSON line')
const rounds = Number(given.rounds ?? 3)

/** Names under which engines report the same figure. */
const figures: Readonly<Record<string, readonly string[]>> = {
  'events/s, whole job': ['eventsPerSecond', 'events_per_s', 'eps'],
  'events/s, steady': ['steadyEventsPerSecond', 'steady_events_per_s', 'steady_eps'],
  'CPU ns per event, steady': ['steadyCpuNsPerEvent', 'steady_cpu_ns', 'steady_cpu_ns_per_event'],
  'peak RSS MB': ['peakRssMb', 'maxRssMb', 'max_rss_mb', 'rssMb'],
}

type Line = Readonly<Record<string, unknown>>

const numberOf = (line: Line, names: readonly string[]): number =>
  Number(names.map((name) => line[name]).find((value) => value !== undefined))

const lines: Record<Side, Line[]> = { ours: [], peer: [] }
for (const { round, side } of inTurn(rounds)) {
  const line = await jsonLineOf(given[side] as string)
  lines[side].push(line)
  process.stderr.write(`round ${round + 1} ${side} ${JSON.stringify(line)}\n`)
}
for (const [figure, names] of Object.entries(figures)) {
  const ours = lines.ours.map((line) => numberOf(line, names)).filter(Number.isFinite)
  const peer = lines.peer.map((line) => numberOf(line, names)).filter(Number.isFinite)
  if (ours.length === 0 || peer.length === 0) continue
  const show = (values: readonly number[]): string =>
    `${Math.round(median(values))} [${Math.round(Math.min(...values))}..${Math.round(Math.max(...values))}]`
  process.stdout.write(
    `${figure.padEnd(26)} ours ${show(ours)}  peer ${show(peer)}  ratio ${(median(ours) / median(peer)).toFixed(2)}\n`,
  )
}
