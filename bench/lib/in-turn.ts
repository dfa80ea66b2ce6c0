/** Runs of two sides in turn, so that what else the machine does meets both: A B, B A, A B … */
import { spawn } from 'node:child_process'

export type Side = 'ours' | 'peer'

/** Whose run is next, `rounds` times each. */
export function* inTurn(rounds: number): Generator<{ readonly round: number; readonly side: Side }> {
  for (let round = 0; round < rounds; round++) {
    for (const side of round % 2 === 0 ? (['ours', 'peer'] as const) : (['peer', 'ours'] as const))
      yield { round, side }
  }
}

/** The last line of JSON that a command prints. Rejects when it fails or prints none. */
export function jsonLineOf(command: string): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-c', command], { stdio: ['ignore', 'pipe', 'inherit'] })
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
    })
    child.once('error', reject)
    child.once('close', (code) => {
      const line = text.split('\n').findLast((each) => each.startsWith('{'))
      if (code === 0 && line !== undefined) resolve(JSON.parse(line) as Readonly<Record<string, unknown>>)
      else reject(new Error(`${command}: exit code ${code}${line === undefined ? ', no line of JSON' : ''}`))
    })
  })
}

/** NaN of nothing. */
export const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
