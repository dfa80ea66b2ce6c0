/**
 * `npm run simulate -- [--seeds N] [--seed S] [--minutes M] [--faults F] [--bugs a,b] [--trace]`: simulations with the seeds S, S + 1, …, each
 * with M minutes in which F things a
 * minute break. Leaves with 0 only when nothing was violated; a seed that failed says how to see it again.
 */
import { writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { simulate } from './run.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '20' },
    seed: { type: 'string' },
    minutes: { type: 'string', default: '5' },
    faults: { type: 'string', default: '4' },
    bugs: { type: 'string', default: '' },
    trace: { type: 'boolean', default: false },
  },
})
const first = values.seed === undefined ? Date.now() % 1_000_000 : Number(values.seed)
const count = Number(values.seeds)
const minutes = Number(values.minutes)
const faultsPerMinute = Number(values.faults)
if (
  !Number.isSafeInteger(first) ||
  !Number.isSafeInteger(count) ||
  count < 1 ||
  !(minutes > 0) ||
  !(faultsPerMinute >= 0)
) {
  process.stderr.write(
    '--seed and --seeds are whole numbers, --minutes and --faults (per minute) are numbers above 0\n',
  )
  process.exit(2)
}
const bugs = values.bugs === '' ? [] : values.bugs.split(',')
process.stdout.write(`seeds ${first} to ${first + count - 1}, ${minutes} minutes of faults each\n`)
const begun = performance.now()
let failed = 0
let simulatedMs = 0
let faults = 0
for (let seed = first; seed < first + count; seed++) {
  const result = await simulate({ seed, minutes, faultsPerMinute, bugs })
  simulatedMs += result.simulatedMs
  const struck = [...result.faults.values()].reduce((sum, each) => sum + each, 0)
  faults += struck
  const { attempts, checkpoints, leaders, healthyAfterMs } = result
  const healthy =
    healthyAfterMs === undefined ? 'never healthy again' : `healthy after ${(healthyAfterMs / 1000).toFixed(1)} s`
  const verdict = result.violations.length === 0 ? 'right' : 'WRONG'
  process.stdout.write(
    `seed ${seed}: ${verdict}, ${struck} faults, ${attempts} attempts, ${leaders} leaders, ${checkpoints} checkpoints, ${healthy}\n`,
  )
  if (result.violations.length === 0 && !values.trace) continue
  const path = `simulation-${seed}.trace`
  writeFileSync(path, `${result.trace.join('\n')}\n`)
  if (result.violations.length === 0) continue
  failed++
  for (const violation of result.violations) process.stdout.write(`  ${violation}\n`)
  const again = `npm run simulate -- --seed ${seed} --seeds 1 --minutes ${minutes} --faults ${faultsPerMinute}${bugs.length === 0 ? '' : ` --bugs ${bugs}`}`
  process.stdout.write(`  what happened: ${path}; again: ${again}\n`)
}
const seconds = (performance.now() - begun) / 1000
const hours = simulatedMs / 3_600_000
process.stdout.write(
  `${count - failed} of ${count} right; ${faults} faults in ${hours.toFixed(1)} simulated hours, ${seconds.toFixed(1)} s\n`,
)
process.exitCode = failed === 0 ? 0 : 1
