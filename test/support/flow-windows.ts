/** Windows in the place of the counts of the small job of flow.ts: the engine's own, with state in files. */

import type { Arena } from '../../core/arena/arena.ts'
import { systemClock } from '../../core/platform/clock.ts'
import type { Manifest } from '../../proto/checkpoint/manifest.ts'
import { assignRestore } from '../../proto/checkpoint/restore-plan.ts'
import type { JobPlan, OperatorPlan } from '../../proto/jobgraph/plan.ts'
import type { WindowAssigner } from '../../sdk/graph/nodes.ts'
import type { Operator } from '../../taskmanager/operators/operator.ts'
import { SessionWindowOperator } from '../../taskmanager/operators/session-window.ts'
import { AlignedWindowOperator } from '../../taskmanager/operators/window.ts'
import { sessionsOf, windowsOf } from '../unit/taskmanager/windows/support.ts'
import type { FlowShape } from './flow-operators.ts'
import type { Outputs } from './source-head.ts'

export interface FlowWindows {
  readonly assigner: WindowAssigner
  readonly allowedLatenessMs: number
}

/** What the plan has in place of the operator of the counts. */
export const windowPlan: Pick<OperatorPlan, 'kind' | 'state'> = {
  kind: 'window',
  state: [{ name: 'window', kind: 'window', keyed: true }],
}

export interface WindowPlace {
  readonly plan: JobPlan
  readonly vertex: number
  readonly subtask: number
  readonly arena: Arena
  readonly root: string
  readonly from: Manifest | undefined
}

/** Counts by key and window; late records fail. Open it before its first record. */
export function windowOperator(
  { assigner, allowedLatenessMs }: FlowWindows,
  outputs: Outputs,
  at: WindowPlace,
): Operator {
  const { plan, vertex, subtask, arena, root, from } = at
  const { parallelism, operators } = plan.vertices[vertex]
  const [operator] = operators
  const restored = from && assignRestore(from, plan, vertex, subtask, { root, jobId: 'flow' }).operators[0]
  const fail = (what: string) => (): never => {
    throw new Error(`windows do not ${what}`)
  }
  const context = {
    jobId: 'flow',
    jobName: 'flow',
    plan,
    operator,
    vertex,
    subtask,
    parallelism,
    attempt: 1,
    epoch: 1,
    arena,
    owner: arena.owner,
    ...outputs,
    key: {
      plan: { kind: 'fields', fields: ['key'] },
      selector: { kind: 'fields', fields: ['key'], single: true },
    },
    restored,
    checkpointRoot: root,
    options: {},
    metrics: { recordsIn: 0, recordsOut: 0, lateDropped: 0, errorsSkipped: 0 },
    clock: systemClock,
    now: () => systemClock.now(),
    wake: fail('wake'),
    wakeAt: fail('ask for the time'),
    poison: (error: unknown) => {
      throw error
    },
    print: fail('print'),
    deliver: fail('deliver'),
  } as const
  const body = {
    kind: 'window',
    allowedLatenessMs,
    lateOutput: undefined,
    aggregate: { kind: 'declared', aggregates: [{ as: 'n', fn: 'count' }] },
    type: undefined,
  } as const
  return assigner.kind === 'session'
    ? new SessionWindowOperator(context, { ...body, assigner })
    : new AlignedWindowOperator(context, { ...body, assigner })
}

/** Results of a whole run: each window of each key, once. `sources`: how many send the records. */
export function expectedWindows({ assigner }: FlowWindows, { records, keys }: FlowShape, sources: number): string[] {
  const counts = new Map<string, number>()
  for (let key = 0; key < keys; key++) {
    const times = Array.from({ length: Math.ceil((records - key) / keys) }, (_, i) => key + i * keys + 1)
    const windows =
      assigner.kind === 'session'
        ? sessionsOf(times.map(asHit), assigner.gapMs).flatMap(({ hits, ...w }) => hits.map(() => w))
        : times.flatMap((at) => {
            const slideMs = assigner.kind === 'sliding' ? assigner.slideMs : assigner.sizeMs
            return windowsOf(at, assigner.sizeMs, slideMs, assigner.offsetMs)
          })
    for (const { start, end } of windows) {
      const name = `${key}@${start}-${end}`
      counts.set(name, (counts.get(name) ?? 0) + sources)
    }
  }
  return Array.from(counts, ([name, n]) => `${name}:${n}`).sort()
}

const asHit = (at: number) => ({ page: 0, site: '', value: 0, at })
