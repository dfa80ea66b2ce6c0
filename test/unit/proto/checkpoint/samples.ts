/** A job and its snapshots, as tests need them. */

import type { DataType } from '../../../../core/columns/schema.ts'
import type { BlobStorage } from '../../../../core/storage/storage.ts'
import {
  buildManifest,
  type Manifest,
  type OperatorSnapshot,
  type RunHandle,
  type SubtaskSnapshot,
  subtaskKey,
} from '../../../../proto/checkpoint/manifest.ts'
import { runPath } from '../../../../proto/checkpoint/paths.ts'
import { rangesOf } from '../../../../proto/checkpoint/ranges.ts'
import { entryKind, RunWriter, saveRun } from '../../../../proto/checkpoint/runs/run.ts'
import type { JobPlan, StatePlan } from '../../../../proto/jobgraph/plan.ts'

export const jobId = 'job-1'
export const countNode = 2

export const state = (name: string, type?: DataType, kind: StatePlan['kind'] = 'value'): StatePlan => ({
  name,
  kind,
  keyed: kind !== 'operator' && kind !== 'splits',
  ...(type !== undefined && { type: { name, type } }),
})

/** Source, then keyed count and sink in one vertex. */
export function samplePlan(
  parallelism: number,
  states: readonly StatePlan[] = [state('count', { kind: 'float64' })],
  name = 'sample',
): JobPlan {
  const operator = { onError: 'fail' as const, kind: 'operator', state: [] }
  return {
    version: 1,
    name,
    hash: 'abc',
    vertices: [
      {
        id: 0,
        name: 'source',
        parallelism,
        operators: [{ ...operator, node: 1, uid: 'src', name: 'source', kind: 'source' }],
      },
      {
        id: 1,
        name: 'count',
        parallelism,
        operators: [
          { ...operator, node: countNode, uid: 'count', name: 'count', state: states },
          { ...operator, node: 3, uid: 'out', name: 'sink', kind: 'sink', input: { operator: 0, output: '' } },
        ],
      },
    ],
    edges: [{ id: 0, from: { vertex: 0, operator: 0, output: '' }, to: { vertex: 1 }, partitioner: 'hash' }],
    options: {},
  }
}

const ack = (...operators: OperatorSnapshot[]): SubtaskSnapshot => ({
  operators,
  alignmentMs: 0,
  syncMs: 1,
  asyncMs: 2,
  bytes: 3,
})

/** The snapshot of `samplePlan`: `chains[subtask]` is the chain of the counting operator. */
export function sampleManifest(
  checkpointId: number,
  chains: readonly (readonly RunHandle[])[],
  plan = samplePlan(chains.length),
  epoch = 1,
): Manifest {
  const acks = new Map<string, SubtaskSnapshot>()
  chains.forEach((runs, subtask) => {
    acks.set(
      subtaskKey(0, subtask),
      ack({ node: 1, uid: 'src', runs: [], splits: [{ splitId: `s${subtask}`, offset: { line: subtask } }] }),
    )
    acks.set(
      subtaskKey(1, subtask),
      ack(
        { node: countNode, uid: 'count', runs },
        {
          node: 3,
          uid: 'out',
          runs: [],
          operatorState: [`w${subtask}`],
          committables: [`c${subtask}a`, `c${subtask}b`],
        },
      ),
    )
  })
  return buildManifest({
    jobId,
    checkpointId,
    kind: 'checkpoint',
    epoch,
    timeMs: 1_700_000_000_000 + checkpointId,
    plan,
    acks,
  })
}

/** A stored run of one subtask: one entry per range that it owns and `value`. */
export async function sampleRun(
  storage: BlobStorage,
  at: {
    checkpointId: number
    subtask?: number
    parallelism?: number
    epoch?: number
    kind?: 'base' | 'delta'
    inlineBytesMax?: number
    job?: string
  },
): Promise<RunHandle> {
  const { subtask = 0, parallelism = 1, epoch = 1, kind = 'base' } = at
  const writer = new RunWriter({ ...rangesOf(subtask, parallelism), kind })
  const { from, to } = writer.options
  for (let range = from; range < to; range += 64) {
    writer.append(
      range * 65536,
      0,
      entryKind.put,
      Buffer.from(`key-${range}`),
      new Uint8Array(0),
      Buffer.from(`${at.checkpointId}`),
    )
  }
  const path = runPath(at.job ?? jobId, { epoch, checkpointId: at.checkpointId, node: countNode, subtask, sequence: 0 })
  return saveRun(storage, path, writer, at.inlineBytesMax ?? 0)
}
