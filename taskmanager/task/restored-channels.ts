/**
 * What a checkpoint had in flight, as stages of an input gate: reads the files, and says per channel which of its rows are
 * this subtask's. On a keyed edge those whose key it owns, on a custom one those that the partitioner gives it; other
 * channels go to one subtask as a whole.
 *
 * Concurrency: the slot's thread, before the first step.
 */
import type { Arena } from '../../core/arena/arena.ts'
import { assert } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import { rowReader } from '../../core/columns/rows.ts'
import { type ChannelContent, type ChannelPart, readChannels } from '../../proto/checkpoint/channels.ts'
import { rangesOf } from '../../proto/checkpoint/ranges.ts'
import { type RestoredChannels, takesOver } from '../../proto/checkpoint/restore-channels.ts'
import type { EdgePlan } from '../../proto/jobgraph/plan.ts'
import { inputAccount } from '../network/accounts.ts'
import type { Selection } from '../operators/operator.ts'
import type { GateLane } from './gate-lane.ts'
import { FrameHolder, heldBatch } from './held-frames.ts'
import type { RestoredLane } from './input-gate.ts'

/** An input edge of the vertex, in the order of its inputs. */
export interface RestoredEdge {
  readonly plan: EdgePlan
  /** Of a custom edge. */
  readonly partition: ((record: unknown, channels: number) => number) | undefined
}

export interface RestoringSubtask {
  readonly arena: Arena
  readonly subtask: number
  readonly parallelism: number
  readonly edges: readonly RestoredEdge[]
}

/** Oldest stage first. Throws CHECKPOINT_* and STORAGE_* errors. */
export async function restoredStages(
  assigned: readonly RestoredChannels[],
  at: RestoringSubtask,
): Promise<RestoredLane[][]> {
  const stages = new Map<number, RestoredLane[]>()
  for (const each of assigned) {
    for (const content of await readChannels(each.root, each.handle)) {
      const lane = restoredLane(each, content, at)
      if (lane === undefined) continue
      const stage = stages.get(content.generation)
      if (stage === undefined) stages.set(content.generation, [lane])
      else stage.push(lane)
    }
  }
  return [...stages.keys()].sort((a, b) => a - b).map((generation) => stages.get(generation) ?? [])
}

function restoredLane(
  { handle, parallelism, edges }: RestoredChannels,
  content: ChannelContent,
  at: RestoringSubtask,
): RestoredLane | undefined {
  const now = edges.find(({ was }) => was === content.edge)?.now
  const input = at.edges.findIndex(({ plan }) => plan.id === now)
  if (input < 0) return undefined
  const { plan, partition } = at.edges[input]
  if (!takesOver(plan.partitioner, handle.subtask, parallelism, at.subtask, at.parallelism)) return undefined
  const computedKey = plan.key?.kind === 'function'
  const holder = new FrameHolder(at.arena, plan.schema, computedKey, inputAccount(plan.to.vertex))
  const { from, producers, generation, watermarkMs, idle, frames } = content
  const parts = [...content.parts, { subtask: handle.subtask, parallelism }]
  return {
    input: {
      channel: undefined,
      input,
      name: `records in flight from ${from + 1}/${producers}`,
      computedKey,
      place: { edge: plan.id, from, producers, generation, parts, holder },
      select: selector(plan, partition, [...parts, at]),
    },
    watermarkMs,
    idle,
    fill: (lane) => {
      for (const frame of frames) lane.hold(frame.kind === 'batch' ? heldBatch([frame.body]) : frame)
    },
  }
}

/**
 * Rows that are this subtask's. All before it are asked as well: what had not been taken when it was restored stands in the
 * file of each of those that it was left to, with the rows of the others.
 */
function selector(
  { partitioner }: EdgePlan,
  partition: RestoredEdge['partition'],
  parts: readonly ChannelPart[],
): ((batch: RecordBatch) => Selection | undefined) | undefined {
  if (partitioner === 'hash') {
    const owned = parts.map(({ subtask, parallelism }) => rangesOf(subtask, parallelism))
    const low = Math.max(...owned.map(({ from }) => from))
    const high = Math.min(...owned.map(({ to }) => to))
    return (batch) => {
      const hashes = batch.hashArray()
      assert(hashes !== undefined, 'records of a keyed edge travel with their hash')
      return select(batch, (row) => hashes[row] >>> 16 >= low && hashes[row] >>> 16 < high)
    }
  }
  if (partitioner === 'custom' && partition !== undefined) {
    const records: unknown[] = []
    return (batch) => {
      rowReader(batch.schema, undefined)(batch, records, undefined, batch.rowCount)
      return select(batch, (row) =>
        parts.every(({ subtask, parallelism }) => partition(records[row], parallelism) === subtask),
      )
    }
  }
  return undefined
}

/** Undefined: all rows. */
function select(batch: RecordBatch, isMine: (row: number) => boolean): Selection | undefined {
  const rows = new Int32Array(batch.rowCount)
  let count = 0
  for (let row = 0; row < batch.rowCount; row++) if (isMine(row)) rows[count++] = row
  return count === batch.rowCount ? undefined : { rows, count }
}

/**
 * Channels go on at the time where those before them stood: the same one where there are as many, else the slowest of the edge.
 * What was in flight to another subtask is not before them.
 */
export function carryTime(done: readonly GateLane[], next: readonly GateLane[]): void {
  for (const lane of next) {
    const { place } = lane.source
    const to = place?.parts.at(-1)
    const ofEdge = done.filter(({ source }) => {
      if (place === undefined || source.place?.edge !== place.edge) return false
      return to === undefined || source.place.parts.at(-1)?.subtask === to.subtask
    })
    const same = ofEdge.filter(
      ({ source }) => source.place?.producers === place?.producers && source.place?.from === place?.from,
    )
    const before = same.length > 0 ? same : ofEdge
    if (before.length === 0) continue
    lane.watermark = Math.max(lane.watermark, Math.min(...before.map(({ watermark }) => watermark)))
    lane.idle = before.every(({ idle }) => idle)
  }
}
