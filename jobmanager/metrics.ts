/**
 * What a JobManager tells Prometheus: the cluster, and of each job that has not ended its state, restarts and checkpoints.
 * The records of its subtasks are counted where they run: see the TaskManager's metrics. Read when somebody asks.
 *
 * Several jobs may have one name: `job_id` tells them apart.
 */
import { createMetrics, type MetricsRegistry, metricsWhenAsked, type ReadableMetrics } from '../core/metrics.ts'
import type { Clock } from '../core/platform/clock.ts'
import type { Cluster } from './cluster/cluster.ts'
import type { Job } from './job/job.ts'

const labels = ['job_name', 'job_id'] as const

/** `leading`: the cluster that this JobManager leads; undefined: it stands by, and others tell. */
export function jobManagerMetrics(leading: () => Cluster | undefined, clock: Clock): ReadableMetrics {
  return metricsWhenAsked(() => make(leading, clock))
}

function make(leading: () => Cluster | undefined, clock: Clock): MetricsRegistry {
  const metrics = createMetrics()
  const gauge = (name: string, help: string) => metrics.gauge({ name: `millrace_${name}`, help })
  const ofJobs = {
    running: metrics.gauge({ name: 'millrace_job_running', help: '1 while all tasks of the job run.', labels }),
    subtasks: metrics.gauge({ name: 'millrace_job_subtasks_running', help: 'Subtasks that run.', labels }),
    stateAge: metrics.gauge({
      name: 'millrace_job_state_age_ms',
      help: 'Time since the job changed its state.',
      labels,
    }),
    restarts: metrics.counter({ name: 'millrace_job_restarts_total', help: 'Restarts of the job.', labels }),
    completed: metrics.counter({
      name: 'millrace_checkpoints_completed_total',
      help: 'Checkpoints and savepoints that completed since this JobManager started.',
      labels,
    }),
    failed: metrics.counter({
      name: 'millrace_checkpoints_failed_total',
      help: 'Checkpoints and savepoints that failed since this JobManager started.',
      labels,
    }),
    duration: metrics.gauge({
      name: 'millrace_checkpoint_last_duration_ms',
      help: 'From trigger to completion of the newest checkpoint that completed.',
      labels,
    }),
    bytes: metrics.gauge({
      name: 'millrace_checkpoint_last_size_bytes',
      help: 'What the newest checkpoint that completed wrote.',
      labels,
    }),
    alignment: metrics.gauge({
      name: 'millrace_checkpoint_last_alignment_ms',
      help: 'Longest time that a subtask collected barriers in the newest checkpoint that completed.',
      labels,
    }),
    inFlight: metrics.gauge({
      name: 'millrace_checkpoint_last_in_flight_bytes',
      help: 'What barriers overtook, and the newest checkpoint that completed holds.',
      labels,
    }),
    age: metrics.gauge({
      name: 'millrace_checkpoint_last_age_ms',
      help: 'Time since the newest checkpoint completed.',
      labels,
    }),
  }
  const states = metrics.gauge({
    name: 'millrace_jobs',
    help: 'Jobs that are remembered, by state.',
    labels: ['state'],
  })
  const taskManagers = gauge('taskmanagers', 'TaskManagers that are registered.')
  const slots = gauge('slots', 'Slots of the TaskManagers that are registered.')
  const slotsFree = gauge('slots_free', 'Slots that run nothing.')
  const leader = gauge('jobmanager_leader', '1 when this JobManager leads.')
  metrics.onCollect(() => {
    states.clear()
    for (const metric of Object.values(ofJobs)) metric.clear()
    const cluster = leading()
    leader.set(cluster === undefined ? 0 : 1)
    if (cluster === undefined) {
      for (const each of [taskManagers, slots, slotsFree]) each.set(0)
      return
    }
    for (const [state, jobs] of Map.groupBy(cluster.jobs, (job) => job.state.kind)) states.set(jobs.length, { state })
    for (const job of cluster.jobs) if (!job.terminal) tellJob(job)
    const all = cluster.taskManagers
    taskManagers.set(all.length)
    slots.set(all.reduce((sum, each) => sum + each.slotsTotal, 0))
    slotsFree.set(all.reduce((sum, each) => sum + each.slotsFree, 0))
  })
  return metrics

  function tellJob(job: Job): void {
    const of = { job_name: job.plan.name, job_id: job.id }
    const { state, runningSubtasks, restarts, stateSinceMs } = job.status()
    const nowMs = clock.now()
    ofJobs.running.set(state === 'running' ? 1 : 0, of)
    ofJobs.subtasks.set(runningSubtasks, of)
    ofJobs.stateAge.set(Math.max(0, nowMs - stateSinceMs), of)
    ofJobs.restarts.set(restarts, of)
    const { counts, entries } = job.coordinator.history
    ofJobs.completed.set(counts.completed, of)
    ofJobs.failed.set(counts.failed, of)
    const newest = entries.find((each) => each.state === 'completed')
    if (newest?.endedMs === undefined) return
    ofJobs.duration.set(newest.endedMs - newest.triggeredMs, of)
    ofJobs.bytes.set(newest.bytes, of)
    ofJobs.alignment.set(newest.alignmentMs ?? 0, of)
    ofJobs.inFlight.set(newest.inFlightBytes ?? 0, of)
    ofJobs.age.set(Math.max(0, nowMs - newest.endedMs), of)
  }
}
