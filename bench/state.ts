/**
 * Large state, measured: `npm run bench:state -- --case NAME [--json]`. Each case ends by itself and prints one line of JSON (or
 * several lines for people). kc and q5 on RocksDB are cases of bench/nexmark.ts: `--query kc --state rocksdb`.
 */
import { loadavg } from 'node:os'
import { configureLogging } from '../core/log.ts'
import { parseArguments } from './lib/arguments.ts'
import { checkpoints } from './state/checkpoints.ts'
import { leader } from './state/leader.ts'
import { recovery } from './state/recovery.ts'
import { rescale } from './state/rescale.ts'
import { tenTimes } from './state/ten-times.ts'

configureLogging({ format: 'text', level: 'error' })
const words = {
  'ten-times': 'keyed count on RocksDB with state ten times its memory',
  checkpoints: 'checkpoints of --mb of state in memory: all, nothing changed, a tenth changed, under load',
  recovery: 'kill -9 of a TaskManager of a job with --mb of state, runs from the checkpoint storage',
  'recovery-local': 'the same with local copies of runs',
  rescale: '2 to 4 subtasks with --mb of state',
  leader: 'kill -9 of the leading JobManager, Redis',
} as const
const given = parseArguments(process.argv.slice(2), {
  case: `one of ${Object.keys(words).join(', ')}; several with commas`,
  mb: 'state in memory, in MB (1024; rescale: 2048)',
  memory: 'ten-times: memory for RocksDB of one subtask, in MB (8)',
  keys: 'ten-times: number of keys (4000000)',
  records: 'ten-times: number of records (4 for each key)',
  parallelism: 'subtasks, of the cases that leave it open (2)',
  rounds: 'how often, of the cases that repeat something (3)',
  define: 'key=value of the job, several with commas; large.shape=text: a kilobyte for each key instead of 80 bytes',
  'json!': 'one line of JSON per case and nothing else',
})
const parallelism = Number(given.parallelism ?? 2)
const rounds = Number(given.rounds ?? 3)
const keys = Number(given.keys ?? 4_000_000)
const options = Object.fromEntries(
  (given.define ?? '')
    .split(',')
    .filter(Boolean)
    .map((each) => [each.slice(0, each.indexOf('=')), each.slice(each.indexOf('=') + 1)]),
)
const megabytes = Number(given.mb ?? 1024)

const cases: Readonly<Record<keyof typeof words, () => Promise<unknown>>> = {
  'ten-times': () =>
    tenTimes({
      memoryMb: Number(given.memory ?? 8),
      keys,
      records: Number(given.records ?? 4 * keys),
      parallelism,
      options,
    }),
  checkpoints: () => checkpoints({ megabytes, parallelism, rounds, options }),
  recovery: () => recovery({ megabytes, rounds, options }),
  'recovery-local': () =>
    recovery({ megabytes, rounds, options: { 'state.backend.local-recovery': 'true', ...options } }),
  rescale: () => rescale({ megabytes: Number(given.mb ?? 2048), options }),
  leader: () => leader(rounds),
}

for (const name of (given.case ?? '').split(',')) {
  if (!(name in cases)) {
    const lines = Object.entries(words).map(([each, word]) => `  ${each.padEnd(16)} ${word}`)
    process.stderr.write(`--case ${name || 'is missing'}: there are\n${lines.join('\n')}\n`)
    process.exit(2)
  }
  const result = { case: name, load: loadavg()[0], ...((await cases[name as keyof typeof words]()) as object) }
  process.stdout.write(`${JSON.stringify(result, undefined, given.json === undefined ? 1 : undefined)}\n`)
}
// The slot threads may still be winding down.
process.exit(0)
