/** What `millrace info` says of a job. */
import { expect, test } from 'vitest'
import { infoLines } from '../../../cli/info-lines.ts'
import { defineJob, sink, source } from '../../../millrace.ts'
import type { CheckpointInfo, JobInfo, VertexInfo } from '../../../proto/client.ts'
import { compilePlan } from '../../../sdk/graph/compile.ts'
import { buildGraph } from '../../../sdk/graph/load.ts'
import { recordingTerminal } from '../../support/recording-terminal.ts'

const plan = compilePlan(
  buildGraph(
    defineJob('job', (env) => {
      env
        .from(source.values([{ a: 1 }]), { uid: 'in', chaining: 'never' })
        .map((x) => x, { uid: 'skips', onError: 'skip', chaining: 'never' })
        .map((x) => x, { uid: 'keeps', onError: 'dead-letter' })
        .to(sink.discard(), { uid: 'out' })
    }),
  ),
)

const vertex = (at: number, counts: Partial<VertexInfo> = {}): VertexInfo => ({
  vertex: at,
  name: `v${at}`,
  parallelism: 1,
  recordsIn: 9,
  recordsOut: 8,
  busyMs: 0,
  idleMs: 0,
  backpressuredMs: 0,
  lateDropped: 0,
  errorsSkipped: 0,
  subtasks: [],
  ...counts,
})
const checkpoint = (checkpointId: number, reason?: string): CheckpointInfo => ({
  checkpointId,
  kind: 'checkpoint',
  state: reason === undefined ? 'completed' : 'failed',
  triggeredMs: 1000,
  endedMs: 2000,
  bytes: 0,
  acknowledged: 1,
  total: 1,
  ...(reason === undefined ? {} : { reason }),
})
const info = (of: Partial<JobInfo>): string => {
  const status = { name: 'job', state: 'running', jobId: 'x', submittedMs: 0, attempt: 1, restarts: 0, detail: '' }
  const base = { status, plan, vertices: [], checkpoints: [], failures: [], sinks: [], options: {} }
  return infoLines(recordingTerminal(), { ...base, ...of } as unknown as JobInfo).join('\n')
}

test('names records that failed or came too late, and what became of them', () => {
  const text = info({
    vertices: [vertex(0), vertex(1, { errorsSkipped: 3 }), vertex(2, { errorsSkipped: 1, lateDropped: 4 })],
  })
  expect(text).toContain('v1: 3 records failed and were skipped\n')
  expect(text).toContain('v2: 1 record failed and was written to dead-letter\n')
  expect(text).toContain('v2: 4 records came too late and were dropped')
  expect(text).not.toMatch(/v0: /)
})

test('tells why a checkpoint failed, also when it is not among the newest', () => {
  const newer = [9, 8, 7, 6, 5].map((n) => checkpoint(n))
  const checkpoints = [...newer, checkpoint(4), checkpoint(3, 'the disk is full'), checkpoint(2, 'older')]
  const text = info({ checkpoints, checkpointCounts: { triggered: 9, completed: 7, failed: 2 } })
  expect(text).toMatch(/ {2}3 {2}checkpoint {2}failed .* the disk is full/)
  expect(text).not.toMatch(/ {2}4 {2}checkpoint|older/)
  expect(info({ checkpoints: newer, checkpointCounts: { triggered: 5, completed: 5, failed: 0 } })).toContain(
    '5 completed',
  )
})
