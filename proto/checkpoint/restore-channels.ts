/**
 * Which subtask takes over what a snapshot had in flight. Pure.
 *
 * Promises: over all subtasks of a vertex each record in flight on a keyed, custom or round-robin edge is handed out once;
 * on a broadcast edge a subtask goes on where one of those before it stood. An edge that the job no longer has, or that
 * carries records in another shape, is refused: a savepoint has nothing in flight.
 */
import type { EdgePlan, JobPlan, Partitioner } from '../jobgraph/plan.ts'
import type { ChannelsHandle } from './channels.ts'
import { errors } from './errors.ts'
import type { Manifest } from './manifest.ts'
import { intersect, rangesOf } from './ranges.ts'

/** A file of data in flight that concerns a subtask. Plain JSON. */
export interface RestoredChannels {
  /** Storage that the path of the handle is relative to. */
  readonly root: string
  readonly handle: ChannelsHandle
  /** Subtasks of its vertex in the snapshot. */
  readonly parallelism: number
  /** Edges of the snapshot and what they are now. */
  readonly edges: readonly { readonly was: number; readonly now: number }[]
}

/** Those of the snapshot that the subtask has to read. Throws CHECKPOINT_CHANNELS_CHANGED. */
export function assignChannels(
  manifest: Manifest,
  plan: JobPlan,
  vertex: number,
  subtask: number,
  root: string,
): RestoredChannels[] {
  if (manifest.channels.length === 0) return []
  const result: RestoredChannels[] = []
  const head = plan.vertices[vertex].operators[0].uid
  const { parallelism: now } = plan.vertices[vertex]
  for (const handle of manifest.channels) {
    const old = manifest.plan.vertices[handle.vertex]
    if (old === undefined || old.operators[0].uid !== head) continue
    const edges = manifest.plan.edges
      .filter(({ to }) => to.vertex === handle.vertex)
      .map((edge) => ({ was: edge.id, now: sameEdge(manifest.plan, edge, plan).id, partitioner: edge.partitioner }))
    const wanted = edges.filter(({ partitioner }) =>
      takesOver(partitioner, handle.subtask, old.parallelism, subtask, now),
    )
    if (wanted.length === 0) continue
    result.push({
      root,
      handle,
      parallelism: old.parallelism,
      edges: wanted.map((edge) => ({ was: edge.was, now: edge.now })),
    })
  }
  return result
}

/** Throws CHECKPOINT_CHANNELS_CHANGED when something in flight would find no place in the plan. */
export function checkChannels(manifest: Manifest, plan: JobPlan): void {
  for (const { vertex } of manifest.channels)
    for (const edge of manifest.plan.edges) if (edge.to.vertex === vertex) sameEdge(manifest.plan, edge, plan)
}

/** Subtask `now` of `parallelism` reads records that were in flight to subtask `was` of `wasParallelism`; some of them, on keyed edges. */
export function takesOver(
  partitioner: Partitioner,
  was: number,
  wasParallelism: number,
  now: number,
  parallelism: number,
): boolean {
  if (partitioner === 'hash') return intersect(rangesOf(was, wasParallelism), rangesOf(now, parallelism)) !== undefined
  if (partitioner === 'custom') return true
  if (partitioner === 'broadcast') return was === now % wasParallelism
  return was % parallelism === now
}

/** How records spread over an edge, as far as it matters for those in flight. */
const spread = (partitioner: Partitioner): string =>
  partitioner === 'hash' || partitioner === 'custom' || partitioner === 'broadcast' ? partitioner : 'any'

function sameEdge(was: JobPlan, edge: EdgePlan, now: JobPlan): EdgePlan {
  const name = (plan: JobPlan, { from, to, partitioner, key, schema }: EdgePlan): string =>
    JSON.stringify([
      plan.vertices[from.vertex].operators[from.operator].uid,
      from.output,
      plan.vertices[to.vertex].operators[0].uid,
      spread(partitioner),
      key ?? null,
      schema ?? null,
    ])
  const wanted = name(was, edge)
  // Two edges may be alike (a stream joined with itself): then their order tells them apart.
  const nth = was.edges.filter((other) => other.id < edge.id && name(was, other) === wanted).length
  const found = now.edges.filter((other) => name(now, other) === wanted)[nth]
  if (found === undefined) {
    throw errors.create('CHANNELS_CHANGED', {
      from: was.vertices[edge.from.vertex].name,
      to: was.vertices[edge.to.vertex].name,
    })
  }
  return found
}
