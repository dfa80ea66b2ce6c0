/**
 * Every example runs three ways on real processes (straight; with a TaskManager killed; stopped and resumed at another
 * parallelism) and gives one result: that of a plain loop over the same input.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadJob } from '../../cli/load-job.ts'
import type { MillraceError } from '../../core/errors.ts'
import { payment, paymentCount } from '../../examples/fraud-alert.ts'
import { line, lineCount } from '../../examples/word-count.ts'
import type { JobInfo, JobStatus } from '../../proto/client.ts'
import { ChaosCluster } from '../chaos/cluster.ts'

interface Example {
  readonly name: string
  /** Records per second that make it last about two seconds. */
  readonly rate: number
  /** All lines of all results, sorted. */
  expected(): readonly string[]
}

const examples: readonly Example[] = [
  { name: 'word-count', rate: 200, expected: wordCounts },
  { name: 'fraud-alert', rate: 8000, expected: alertsAndSpend },
]

let cluster: ChaosCluster
beforeAll(async () => {
  cluster = await ChaosCluster.start({
    taskManagers: 2,
    slots: 2,
    options: { 'cluster.registration.max-timeout': '200ms' },
  })
})
afterAll(() => cluster.close())

describe.each(examples)('$name', ({ name, rate, expected }) => {
  test('gives the result of a plain loop', async () => {
    const out = join(cluster.directory, `${name}-straight`)
    await finished(await submit(name, 2, { out }))
    expect(linesBelow(out)).toEqual(expected())
  })

  test('gives it with a TaskManager killed on the way', async () => {
    let status: JobStatus | undefined
    // It may be at its end before it is hurt, on a busy machine: again, and slower.
    for (let slower = 1; (status?.attempt ?? 1) === 1; slower *= 2) {
      const out = join(cluster.directory, `${name}-killed-${slower}`)
      const job = await submit(name, 3, { out, rate: String(rate / slower) })
      const before = await underWay(job)
      const victim = cluster.taskManager(before.vertices.at(-1)?.subtasks[0]?.taskManagerId ?? '')
      cluster.kill(victim)
      await cluster.restart(victim)
      status = (await finished(job)).status
      expect(linesBelow(out)).toEqual(expected())
    }
  })

  test.each([
    [1, 3],
    [3, 2],
  ])('gives it when stopped at parallelism %i and resumed at %i', async (first, second) => {
    for (let slower = 1; ; slower *= 2) {
      const out = join(cluster.directory, `${name}-${first}-${second}-${slower}`)
      const job = await submit(name, first, { out, rate: String(rate / slower) })
      await underWay(job)
      const stopped = await cluster.client.stop(job).catch((error: unknown) => error as MillraceError)
      if (!('path' in stopped)) {
        expect(stopped).toMatchObject({ code: 'JOBMANAGER_JOB_ENDED' })
        continue
      }
      await finished(await submit(name, second, { out }, stopped.path))
      expect(linesBelow(out)).toEqual(expected())
      return
    }
  })
})

async function submit(
  name: string,
  parallelism: number,
  given: Readonly<Record<string, string>>,
  savepointPath?: string,
): Promise<string> {
  const file = fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url))
  const job = await loadJob(file, { 'execution.checkpointing.interval': '100ms', ...given }, parallelism)
  const { plan, bundle, options } = job
  const { jobId } = await cluster.client.submit({ plan, bundle: Buffer.from(bundle.code), options, savepointPath })
  return jobId
}

/** Waits until records have passed and a checkpoint after the first holds some of them, or until it is over. */
const underWay = (job: string): Promise<JobInfo> =>
  cluster.until(`${job} to be under way`, async () => {
    const info = await cluster.client.info(job)
    const records = info.vertices.at(-1)?.recordsIn ?? 0
    const complete = info.checkpoints.filter(({ state }) => state === 'completed')
    return (info.status.terminal || (records > 0 && complete.length > 1)) && info
  })

async function finished(job: string): Promise<JobInfo> {
  for await (const status of cluster.client.watch(job)) if (status.terminal) break
  const info = await cluster.client.info(job)
  expect(info.status.state, JSON.stringify(info.failures)).toBe('finished')
  return info
}

/** Committed files only: others are hidden. */
function linesBelow(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.name.startsWith('.'))
    .flatMap(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8').trimEnd().split('\n'))
    .sort()
}

/** Adds to a cell of a table of two keys. */
function add(table: Map<number, Map<string, number>>, windowEnd: number, key: string, amount: number): void {
  const row = table.get(windowEnd) ?? new Map<string, number>()
  table.set(windowEnd, row.set(key, (row.get(key) ?? 0) + amount))
}

const windowEndOf = (at: number, sizeMs: number): number => at - (at % sizeMs) + sizeMs

function wordCounts(): readonly string[] {
  const counts = new Map<number, Map<string, number>>()
  for (let n = 0; n < lineCount; n++) {
    const { text, at } = line(n)
    for (const word of text.toLowerCase().match(/\p{L}+/gu) ?? []) add(counts, windowEndOf(at, 60_000), word, 1)
  }
  return [...counts]
    .flatMap(([windowEnd, row]) => [...row].map(([word, n]) => JSON.stringify({ word, n, windowEnd })))
    .sort()
}

function alertsAndSpend(): readonly string[] {
  const lines: string[] = []
  const armedUntil = new Map<string, number>()
  const spend = new Map<number, Map<string, number>>()
  for (let n = 0; n < paymentCount; n++) {
    const { account, amount, at } = payment(n)
    if (at <= (armedUntil.get(account) ?? 0) && amount > 500)
      lines.push(JSON.stringify({ account, amount, reason: 'large after small' }))
    if (amount < 1) armedUntil.set(account, at + 60_000)
    add(spend, windowEndOf(at, 600_000), account, amount)
  }
  for (const [windowEnd, row] of spend)
    for (const [account, total] of row) lines.push(JSON.stringify({ account, total: Math.round(total), windowEnd }))
  return lines.sort()
}
