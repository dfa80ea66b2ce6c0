/** What a running cluster tells Prometheus, beside what it tells its clients. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import { loadJob } from '../../cli/load-job.ts'
import type { Monitored } from '../../core/monitor/monitor.ts'
import { type RunningJobManager, startJobManager } from '../../jobmanager/main.ts'
import { type ClusterClient, createClusterClient } from '../../proto/client.ts'
import { type RunningTaskManager, startTaskManager } from '../../taskmanager/main.ts'
import { until } from '../support/until.ts'

const jobFile = fileURLToPath(new URL('./recovery-job.ts', import.meta.url))
const page = readFileSync(new URL('../../docs/reference/metrics.md', import.meta.url), 'utf8')

let directory: string
let jobManager: RunningJobManager
let taskManager: RunningTaskManager
let broker: RunningBroker
let client: ClusterClient

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-metrics-'))
  jobManager = await startJobManager({ 'jobmanager.rpc.port': '0', 'jobmanager.data-dir': join(directory, 'jm') })
  taskManager = await startTaskManager({
    'jobmanager.rpc.port': jobManager.address.split(':')[1] as string,
    'taskmanager.data-dir': join(directory, 'tm'),
    'taskmanager.numberOfTaskSlots': '3',
    'taskmanager.memory.network.size': '32mb',
    'taskmanager.memory.task.heap.size': '96mb',
  })
  broker = await startBroker({ 'broker.listeners': 'PLAINTEXT://127.0.0.1:0', 'broker.data-dir': join(directory, 'b') })
  client = createClusterClient({ address: jobManager.address })
})

afterAll(async () => {
  client?.close()
  await broker?.close()
  await taskManager?.close()
  await jobManager?.close()
  rmSync(directory, { recursive: true, force: true })
})

/** The samples of a metric: labels as text, and value. */
async function samples({ metrics }: Monitored, name: string): Promise<ReadonlyMap<string, number>> {
  const lines = (await metrics.text())
    .split('\n')
    .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
  return new Map(lines.map((line) => [/\{(.*)\}/.exec(line)?.[1] ?? '', Number(line.slice(line.lastIndexOf(' ')))]))
}

const one = async (from: Monitored, name: string): Promise<number | undefined> =>
  [...(await samples(from, name)).values()][0]

describe('metrics of a cluster', () => {
  it('follow a job from its start to its end, subtask by subtask', async () => {
    const { plan, bundle, options } = await loadJob(jobFile, { 'execution.checkpointing.interval': '100ms' }, 2)
    const { jobId } = await client.submit({ plan, bundle: Buffer.from(bundle.code), options })
    await until(async () => ((await one(jobManager, 'millrace_checkpoints_completed_total')) ?? 0) >= 2)
    await until(async () =>
      [...(await samples(taskManager, 'millrace_records_in_total')).values()].some((n) => n > 1000),
    )

    const of = `job_name="recovery",job_id="${jobId}"`
    expect((await samples(jobManager, 'millrace_job_running')).get(of)).toBe(1)
    expect((await samples(jobManager, 'millrace_job_restarts_total')).get(of)).toBe(0)
    expect((await samples(jobManager, 'millrace_jobs')).get('state="running"')).toBe(1)
    expect(await one(jobManager, 'millrace_checkpoint_last_size_bytes')).toBeGreaterThan(0)
    expect(await one(jobManager, 'millrace_checkpoint_last_duration_ms')).toBeLessThan(600_000)
    expect(await one(jobManager, 'millrace_checkpoint_last_age_ms')).toBeLessThan(600_000)
    expect(await one(jobManager, 'millrace_checkpoint_last_alignment_ms')).toBeLessThan(600_000)
    expect(await one(jobManager, 'millrace_checkpoint_last_in_flight_bytes')).toBe(0)
    expect(await one(jobManager, 'millrace_taskmanagers')).toBe(1)
    expect(await one(jobManager, 'millrace_slots')).toBe(3)
    expect(await one(jobManager, 'millrace_slots_free')).toBe(1)
    expect(await one(taskManager, 'millrace_taskmanager_slots_busy')).toBe(2)
    expect(await one(taskManager, 'millrace_taskmanager_registered')).toBe(1)

    const { vertices } = await client.info(jobId)
    const expected = vertices.flatMap(({ name, parallelism }) =>
      Array.from({ length: parallelism }, (_, subtask) => `${of},vertex="${name}",subtask="${subtask}"`),
    )
    const received = await samples(taskManager, 'millrace_records_in_total')
    expect([...received.keys()].sort()).toEqual(expected.sort())
    // What clients were told before is not more than what is counted now.
    const before = vertices.reduce((sum, { recordsIn }) => sum + recordsIn, 0)
    const now = [...(await samples(taskManager, 'millrace_records_in_total')).values()].reduce((sum, n) => sum + n, 0)
    expect(now).toBeGreaterThanOrEqual(before)
    const idle = [...(await samples(taskManager, 'millrace_idle_ms_total')).values()]
    expect(idle.every((ms) => ms >= 0)).toBe(true)

    await client.cancel(jobId)
    await until(async () => (await one(taskManager, 'millrace_taskmanager_slots_busy')) === 0)
    await until(async () => (await samples(taskManager, 'millrace_records_in_total')).size === 0)
    await until(async () => (await samples(jobManager, 'millrace_job_running')).size === 0)
    expect((await samples(jobManager, 'millrace_jobs')).get('state="canceled"')).toBe(1)
  })

  it('are all on the page of reference, and the page names no others', async () => {
    const names = new Set<string>()
    for (const { metrics } of [jobManager, taskManager, broker]) {
      for (const [, name] of (await metrics.text()).matchAll(/^# TYPE (\S+)/gm)) names.add(name as string)
    }
    const everywhere = new Set(['millrace_build_info', 'millrace_ready'])
    const named = [...page.matchAll(/`(millrace_[a-z_]+)`/g)].map(([, name]) => name as string)
    expect(new Set(named.filter((name) => name !== 'millrace_' && !everywhere.has(name)))).toEqual(names)
  })

  it('say no to readiness while a TaskManager has no JobManager, and when a process ends', async () => {
    expect([jobManager, taskManager, broker].map((each) => each.unready())).toEqual([undefined, undefined, undefined])
    await jobManager.close()
    expect(jobManager.unready()).toContain('shuts down')
    await until(async () => taskManager.unready() !== undefined)
    expect(taskManager.unready()).toContain('does not know this TaskManager')
    await broker.close()
    expect(broker.unready()).toContain('shuts down')
  })
})
