/** What people are told of a job by `millrace info`. */
import { formatSize } from '../core/config/index.ts'
import type { CheckpointCounts, CheckpointInfo, JobInfo, VertexInfo } from '../proto/client.ts'
import type { JobPlan } from '../proto/jobgraph/plan.ts'
import { formatAge, formatTime, type Terminal, table, tidyPaths, userFrames } from './terminal.ts'

/** What `millrace info JOB` says of a job. */
export function infoLines(
  terminal: Terminal,
  { status, vertices, checkpoints, checkpointCounts, failures, restored, sinks, plan }: JobInfo,
): string[] {
  const now = terminal.clock.now()
  const lines = [
    `${terminal.style('bold', status.name)}  ${status.state.toUpperCase()}  ${status.jobId}`,
    `submitted ${formatTime(status.submittedMs)}, attempt ${status.attempt}, ${status.restarts} restarts, ` +
      `${status.runningSubtasks} of ${status.totalSubtasks} subtasks running`,
  ]
  if (restored !== undefined) lines.push(`started from ${restored.kind} ${restored.checkpointId}: ${restored.path}`)
  if (status.detail !== '') lines.push(status.detail)
  const rows = vertices.map((vertex) => {
    const total = vertex.busyMs + vertex.idleMs + vertex.backpressuredMs
    const share = (part: number) => (total === 0 ? '' : `${Math.round((100 * part) / total)} %`)
    return [
      vertex.name,
      String(vertex.parallelism),
      String(vertex.recordsIn),
      String(vertex.recordsOut),
      share(vertex.busyMs),
      share(vertex.backpressuredMs),
      vertex.watermark === undefined ? '' : watermarkText(vertex.watermark),
      vertex.waitingFor === undefined
        ? vertex.heldBy === undefined || vertex.heldBy === ''
          ? ''
          : `held by ${vertex.heldBy}`
        : `waits for ${vertex.waitingFor} since ${formatTime(vertex.waitingSinceMs ?? now)}`,
    ]
  })
  lines.push('', ...table(['VERTEX', 'PARALLELISM', 'IN', 'OUT', 'BUSY', 'BLOCKED', 'WATERMARK', ''], rows))
  lines.push(...vertices.flatMap((vertex) => missingLines(vertex, plan)))
  if (sinks.length > 0)
    lines.push(
      '',
      ...sinks.map(({ name, uid, guarantee }) => `sink ${uid} (${name}): ${guaranteeTexts[guarantee] ?? guarantee}`),
    )
  if (checkpointCounts !== undefined && checkpointCounts.triggered > 0)
    lines.push('', ...checkpointLines(checkpointCounts, checkpoints, now))
  for (const failure of failures.slice(0, 3)) {
    const at = failure.operator === undefined ? '' : ` in ${failure.operator}`
    const uid = failure.uid === undefined || failure.uid === failure.operator ? '' : ` (uid ${failure.uid})`
    lines.push(
      '',
      `failed${at}${uid} ${formatAge(now - failure.timeMs)} ago: ${tidyPaths(failure.message)}  ${failure.code}`,
    )
    lines.push(...userFrames(failure.stack).map((frame) => `    ${frame}`))
    if (failure.hint !== undefined && failure.hint !== '') lines.push(`  ${failure.hint}`)
  }
  return lines
}

/** Records that a vertex did not take, if there are any. */
function missingLines({ vertex, name, errorsSkipped, lateDropped }: VertexInfo, plan: JobPlan): string[] {
  const policies = new Set(plan.vertices[vertex]?.operators.map(({ onError }) => onError))
  const fates = [...policies].flatMap((policy) => fateTexts[policy ?? ''] ?? []).sort()
  const lines: string[] = []
  if (errorsSkipped > 0) lines.push(`${name}: ${records(errorsSkipped, 'failed and')} ${fates.join(' or ')}`)
  if (lateDropped > 0) lines.push(`${name}: ${records(lateDropped, 'came too late and')} dropped`)
  return lines
}

const fateTexts: Readonly<Record<string, string>> = { skip: 'skipped', 'dead-letter': 'written to dead-letter' }

const records = (count: number, what: string): string =>
  count === 1 ? `1 record ${what} was` : `${count} records ${what} were`

const checkpointsShown = 5

/** The newest, and the newest that failed: its reason is what people look for. */
function checkpointLines(
  { triggered, completed, failed }: CheckpointCounts,
  checkpoints: readonly CheckpointInfo[],
  now: number,
): string[] {
  const newestFailed = checkpoints.find(({ state }) => state === 'failed')
  const shown = checkpoints.filter((each, at) => at < checkpointsShown || each === newestFailed)
  return [
    `checkpoints: ${triggered} triggered, ${completed} completed, ${failed} failed`,
    ...shown.map((each) => checkpointLine(each, now)),
  ]
}

function checkpointLine(each: CheckpointInfo, now: number): string {
  const took = each.endedMs === undefined ? pendingText(each, now) : `  ${formatAge(each.endedMs - each.triggeredMs)}`
  const waited = (each.alignmentMs ?? 0) < 1 ? '' : `  aligned in ${formatAge(each.alignmentMs ?? 0)}`
  const flight = (each.unaligned ?? 0) === 0 ? '' : `  ${formatSize(each.inFlightBytes ?? 0)} in flight`
  const why = each.reason === undefined || each.reason === '' ? '' : `  ${each.reason}`
  return `  ${each.checkpointId}  ${each.kind}  ${each.state}${took}  ${formatSize(each.bytes)}${waited}${flight}  ${each.path ?? ''}${why}`.trimEnd()
}

const guaranteeTexts: Readonly<Record<string, string>> = {
  none: 'no guarantee',
  'at-least-once': 'at least once',
  'exactly-once': 'exactly once',
}

/** How far a snapshot is that has not ended. */
function pendingText({ acknowledged, total, storingSinceMs }: CheckpointInfo, now: number): string {
  if (storingSinceMs === undefined) return `  ${acknowledged} of ${total} subtasks`
  return `  is being stored for ${formatAge(now - storingSinceMs)}`
}

function watermarkText(ms: number): string {
  if (!Number.isFinite(ms)) return ms > 0 ? 'end' : ''
  return Math.abs(ms) < 8e15 ? new Date(ms).toISOString() : String(ms)
}
