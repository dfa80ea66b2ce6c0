/**
 * What a TaskManager tells Prometheus: its slots and their shared memory, and of each subtask that runs here its records, how
 * its time goes, and how far its watermark is behind. Slots report a few times a second; this is read when somebody asks.
 *
 * `vertex` is the vertex's name, with its id where two of a job have the same. Counts begin anew with each attempt.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { createMetrics, type MetricsRegistry, metricsWhenAsked, type ReadableMetrics } from '../../core/metrics.ts'
import type { Clock } from '../../core/platform/clock.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { TaskManager } from './task-manager.ts'

const labels = ['job_name', 'job_id', 'vertex', 'subtask'] as const

export interface TaskManagerMetricsInput {
  readonly taskManager: TaskManager
  readonly arena: Arena
  readonly arenaBytes: number
  readonly clock: Clock
  registered(): boolean
}

export function taskManagerMetrics(input: TaskManagerMetricsInput): ReadableMetrics {
  return metricsWhenAsked(() => make(input))
}

function make(input: TaskManagerMetricsInput): MetricsRegistry {
  const { taskManager, arena, arenaBytes, clock } = input
  const metrics = createMetrics()
  const counter = (name: string, help: string) => metrics.counter({ name: `millrace_${name}`, help, labels })
  const gauge = (name: string, help: string) => metrics.gauge({ name: `millrace_${name}`, help })
  const ofSubtasks = {
    recordsIn: counter('records_in_total', 'Records that the subtask received.'),
    recordsOut: counter('records_out_total', 'Records that the subtask gave on.'),
    busyMs: counter('busy_ms_total', 'Time that the subtask spent in its operators.'),
    idleMs: counter('idle_ms_total', 'Time that the subtask had no input.'),
    backpressuredMs: counter('backpressured_ms_total', 'Time that the subtask was held up by a slow consumer.'),
    lateDropped: counter('late_records_dropped_total', 'Records that came too late for their window.'),
    errorsSkipped: counter('records_skipped_total', 'Records that were passed over because of an error.'),
  }
  const lag = metrics.gauge({
    name: 'millrace_watermark_lag_ms',
    help: 'Time of day less the watermark of the subtask; absent while it has none.',
    labels,
  })
  const waiting = metrics.gauge({
    name: 'millrace_waiting',
    help: '1 while the subtask waits for something outside of the cluster, such as brokers, or for slower sources of its group.',
    labels,
  })
  const registered = gauge('taskmanager_registered', '1 while the JobManager knows this TaskManager.')
  const slots = gauge('taskmanager_slots', 'Slots.')
  const slotsBusy = gauge('taskmanager_slots_busy', 'Slots that hold a part of a job.')
  const size = gauge('taskmanager_shared_memory_bytes', 'Shared memory for batches.')
  const used = gauge('taskmanager_shared_memory_used_bytes', 'Shared memory that batches are in.')
  metrics.onCollect(() => {
    for (const metric of [...Object.values(ofSubtasks), lag, waiting]) metric.clear()
    const nowMs = clock.now()
    let busy = 0
    for (const { jobId, plan, subtasks } of taskManager.working()) {
      busy++
      const names = vertexNames(plan)
      for (const each of subtasks) {
        const vertex = names.get(each.vertex) ?? String(each.vertex)
        const of = { job_name: plan.name, job_id: jobId, vertex, subtask: each.subtask }
        for (const [key, metric] of Object.entries(ofSubtasks)) metric.set(each[key as keyof typeof ofSubtasks], of)
        waiting.set(each.waitingFor === undefined ? 0 : 1, of)
        if (each.watermark !== null) lag.set(nowMs - each.watermark, of)
      }
    }
    registered.set(input.registered() ? 1 : 0)
    slots.set(taskManager.slotCount)
    slotsBusy.set(busy)
    size.set(arenaBytes)
    used.set(arena.usedBytes)
  })
  return metrics
}

/** Names of the vertices by id, each once. Pure. */
export function vertexNames(plan: Pick<JobPlan, 'vertices'>): ReadonlyMap<number, string> {
  const byName = Map.groupBy(plan.vertices, ({ name }) => name)
  return new Map(
    plan.vertices.map(({ id, name }) => [id, byName.get(name)?.length === 1 ? name : `${name} (${id})`] as const),
  )
}
