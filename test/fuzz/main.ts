/**
 * `npm run fuzz -- --inputs 10000000 [--seed S] [--only NAME]`: damaged bytes for every decoder, and damaged requests for a whole
 * broker. Leaves with 0 when each was answered with a value or a coded error, soon, and the memory did not grow.
 */
import { parseArgs } from 'node:util'
import { fuzz } from './harness.ts'
import { RequestFuzz } from './requests.ts'
import { fuzzTargets } from './targets.ts'

const { values } = parseArgs({
  options: {
    inputs: { type: 'string', default: '1000000' },
    seed: { type: 'string' },
    only: { type: 'string', default: '' },
  },
})
const inputs = Number(values.inputs)
const seed = Number(values.seed ?? Date.now() % 1_000_000)
if (!Number.isSafeInteger(inputs) || inputs < 1 || !Number.isSafeInteger(seed)) {
  process.stderr.write('fuzz: --inputs and --seed must be whole numbers\n')
  process.exit(2)
}

/** How much more memory may be in use at the end than after a tenth of the inputs, MB. */
const growthMbMax = 150
const round = 20_000
const turn = 1000
const say = (line: string): void => void process.stdout.write(`${line}\n`)
const residentMb = (): number => {
  globalThis.gc?.()
  return process.memoryUsage.rss() / 1024 / 1024
}

interface Lane {
  readonly name: string
  readonly share: number
  run(seed: number, inputs: number): Promise<string>
}

const requests = await RequestFuzz.start()
const lanes: readonly Lane[] = [
  ...fuzzTargets.map((target) => ({
    name: target.name,
    // The protocol's messages are most of what strangers send.
    share: target.name.includes('Kafka protocol') ? 8 : 1,
    run: async (from: number, count: number) => {
      let sum = 0
      for (let left = count; left > 0; left -= turn) {
        sum += fuzz(target, from * 1000 + left, Math.min(left, turn)).accepted
        // Decompressors let go of their memory when the event loop turns.
        await new Promise((resolve) => setImmediate(resolve))
      }
      return `${sum} accepted`
    },
  })),
  {
    name: 'requests to a broker',
    share: 6,
    run: async (from: number, count: number) => {
      const { answered, closed, left, slowestMs, slowest } = await requests.run(from, count)
      return `${answered} answered, ${closed} closed, ${left} waiting; slowest ${slowestMs.toFixed(1)} ms (${slowest})`
    },
  },
].filter(({ name }) => name.includes(values.only))

const shares = lanes.reduce((sum, { share }) => sum + share, 0)
say(`seed ${seed}: ${inputs} inputs`)
const begun = performance.now()
const done = new Map<string, number>()
let total = 0
let early = 0
for (let at = 0; total < inputs; at++) {
  for (const { name, share, run } of lanes) {
    const left = Math.ceil((inputs * share) / shares) - (done.get(name) ?? 0)
    const count = Math.min(left, Math.ceil((round * share * lanes.length) / shares))
    if (count <= 0) continue
    const text = await run(seed + at, count)
    done.set(name, (done.get(name) ?? 0) + count)
    total += count
    if (at % 10 === 0) say(`${name.padEnd(40)} ${String(done.get(name)).padStart(9)}  ${text}`)
  }
  say(`${total} inputs after ${((performance.now() - begun) / 1000).toFixed(0)} s`)
  if (early === 0 && total >= inputs / 10) early = residentMb()
}
const growth = residentMb() - early
await requests.close()
for (const [name, count] of done) say(`${name.padEnd(40)} ${String(count).padStart(9)}`)
say(
  `${total} inputs in ${((performance.now() - begun) / 1000).toFixed(0)} s; ${growth.toFixed(0)} MB more in use than after a tenth`,
)
process.exit(growth > growthMbMax ? 1 : 0)
