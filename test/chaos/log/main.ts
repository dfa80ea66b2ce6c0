/**
 * `npm run chaos:log -- --kills 200 --seed S [--at POINT,…] [--power PERCENT] [--faults LIST]`: kills a broker at random and at named
 * points while clients write, read and come and go, and says whether its logs are what they must be. Leaves with 0 only then. The same
 * seed draws the same schedule.
 */
import { parseArgs } from 'node:util'
import { runLogChaos } from './run.ts'
import { describeLogKills, killPoints, type PlannedKill, planLogKills } from './schedule.ts'

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '50' },
    seed: { type: 'string' },
    at: { type: 'string', default: '' },
    power: { type: 'string', default: '40' },
    faults: { type: 'string', default: '' },
  },
})

function whole(name: string, text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  return refuse(`--${name} must be a whole number; it is ${text}`)
}

function refuse(sentence: string): never {
  process.stderr.write(`chaos:log: ${sentence}\n`)
  process.exit(2)
}

const places: readonly PlannedKill['at'][] = ['random', ...killPoints]
const at = values.at.split(',').filter((each) => each !== '')
const unknown = at.find((each) => !(places as readonly string[]).includes(each))
if (unknown !== undefined) refuse(`there is no point ${unknown}; points are ${places.join(', ')}`)

const kills = whole('kills', values.kills)
const seed = whole('seed', values.seed ?? String(Date.now() % 1_000_000))
const schedule = planLogKills({
  seed,
  kills,
  powerPercent: whole('power', values.power),
  ...(at.length === 0 ? {} : { at: at as PlannedKill['at'][] }),
})
const begun = performance.now()
const say = (line: string): void => void process.stdout.write(`${line}\n`)
say(`seed ${seed}: ${kills} kills`)
say(`schedule (where:after so much, ! with power loss): ${describeLogKills(schedule)}`)

const result = await runLogChaos({
  seed,
  kills: schedule,
  progress: (line) => say(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  ${line}`),
  ...(values.faults === '' ? {} : { options: { 'test.faults': values.faults } }),
})

const each = (counted: Iterable<readonly [string, number]>): string =>
  [...counted].map(([name, count]) => `${count} ${name}`).join(', ')
const sorted = result.restartMs.toSorted((a, b) => a - b)
const restart = (share: number): number => Math.round(sorted[Math.floor((sorted.length - 1) * share)] ?? 0)
say('')
say(`kills        ${result.kills}: ${each(Object.entries(result.killsAt))}; ${result.powerLosses} with power loss`)
say(`restarts     p50 ${restart(0.5)} ms, max ${restart(1)} ms until requests were taken`)
say(`records      ${result.sends} sent, ${result.acknowledged} acknowledged, ${result.polled} read`)
say(`transactions ${each(Object.entries(result.transactions))}`)
say(`time         ${result.seconds.toFixed(1)} s`)
for (const [error, count] of result.errors) say(`  met ${count} x ${error}`)
const kinds = Object.groupBy(result.violations, ({ kind }) => kind)
for (const [kind, found] of Object.entries(kinds)) {
  say(`${kind}: ${found.length}`)
  for (const { detail } of found.slice(0, 10)) say(`  ${detail}`)
}
const right = result.violations.length === 0
say(right ? '0 violations' : `NOT RIGHT: everything is kept in ${result.directory ?? 'nothing'}`)
process.exit(right ? 0 : 1)
