import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

const entry = fileURLToPath(new URL('../../bin/millrace.cjs', import.meta.url))

let directory: string
let running: ChildProcess | undefined
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-dev-'))
})
afterEach(() => {
  running?.kill('SIGKILL')
  running = undefined
  rmSync(directory, { recursive: true, force: true })
})

interface Dev {
  readonly out: string[]
  readonly notes: string[]
  readonly ended: Promise<number | null>
  /** Resolves with the first line, of either kind, that matches. */
  line(pattern: RegExp): Promise<string>
  stop(): void
}

function dev(...argv: string[]): Dev {
  const child = spawn(process.execPath, [entry, 'dev', ...argv, '--port', '0'], {
    cwd: directory,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running = child
  const out: string[] = []
  const notes: string[] = []
  const waiting: { pattern: RegExp; found: (line: string) => void }[] = []
  const collect = (into: string[]) => {
    let rest = ''
    return (data: Buffer) => {
      const lines = (rest + data.toString()).split('\n')
      rest = lines.pop() as string
      for (const line of lines) {
        into.push(line)
        for (const each of waiting) if (each.pattern.test(line)) each.found(line)
      }
    }
  }
  child.stdout.on('data', collect(out))
  child.stderr.on('data', collect(notes))
  const ended = new Promise<number | null>((resolve) => {
    child.on('close', resolve)
  })
  return {
    out,
    notes,
    ended,
    line(pattern) {
      const seen = [...out, ...notes].find((line) => pattern.test(line))
      if (seen !== undefined) return Promise.resolve(seen)
      return new Promise((found, failed) => {
        waiting.push({ pattern, found })
        ended
          .then((code) => failed(new Error(`ended with ${code} before ${pattern}:\n${[...out, ...notes].join('\n')}`)))
          .catch(failed)
      })
    },
    stop: () => child.kill('SIGTERM'),
  }
}

const write = (text: string): void => writeFileSync(join(directory, 'job.ts'), text)

const head = "import { defineJob, sink, source, t } from 'millrace'\n"

describe('millrace dev', () => {
  it('runs a job that ends, shows what it collects, and ends with it', async () => {
    write(`${head}export default defineJob('three', (env) => {
      env.from(source.values([1, 2, 3]), { uid: 'in' }).map((x) => x * 10).to(sink.collect(), { uid: 'out' })
    })`)
    const run = dev('job.ts')
    expect(await run.ended).toBe(0)
    expect(run.out.sort()).toEqual(['10', '20', '30'])
    expect(run.notes.join('\n')).toMatch(/millrace \d+\.\d+\.\d+ {2}ready in .*listening on loopback only/)
  })

  it("ends with 1 when the job fails, and shows the user's line", async () => {
    write(`${head}
export default defineJob('breaks', (env) => {
  env.set('restart-strategy.type', 'none')
  env.from(source.values([{ a: { b: 1 } }, {} as { a: { b: number } }]), { uid: 'in' })
    .map((x) => x.a.b)
    .to(sink.collect(), { uid: 'out' })
})`)
    const run = dev('job.ts')
    expect(await run.ended).toBe(1)
    expect(run.notes.join('\n')).toMatch(/the job breaks failed.*reading 'b'[\s\S]*job\.ts:6:\d+/)
  })

  it('keeps the state of a job over a change of its code', async () => {
    const job = (word: string) => `${head}export default defineJob('counts', (env) => {
      env.from(source.generator({ rate: 200, create: (n) => ({ key: 'k', n }) }), { uid: 'in' })
        .keyBy('key')
        .process({
          uid: 'count',
          state: { seen: t.float64().state() },
          onElement(x, { state }, emit) {
            const seen = (state.seen.get() ?? 0) + 1
            state.seen.set(seen)
            if (seen % 20 === 0) emit({ word: '${word}', seen, n: x.n })
          },
        })
        .to(sink.print(), { uid: 'out' })
    })`
    write(job('before'))
    const run = dev('job.ts')
    await run.line(/before/)
    write(job('after'))
    await run.line(/job\.ts changed → bundled \d+ ms → savepoint .* → RUNNING in/)
    const line = await run.line(/after/)
    const { seen, n } = JSON.parse(line.slice(line.indexOf('{'))) as { seen: number; n: number }
    // Each record was counted once, although two versions of the job have counted.
    expect(seen).toBe(n + 1)
    run.stop()
    expect(await run.ended).toBe(0)
  })

  it('goes on with the version that runs while the file does not compile', async () => {
    const job = (tail: string) => `${head}export default defineJob('ticks', (env) => {
      env.from(source.generator({ rate: 50, create: (n) => ({ n }) }), { uid: 'in' }).to(sink.print(), { uid: 'out' })
    })${tail}`
    write(job(''))
    const run = dev('job.ts')
    await run.line(/"n":\s*\d/)
    write(job('\nconst = 1'))
    await run.line(/job\.ts:5:7/)
    const shown = run.out.length
    await run.line(new RegExp(`"n":\\s*${shown + 20}\\b`))
    run.stop()
    expect(await run.ended).toBe(0)
  })
})
