/** A job over bids without anything that runs: for tests of its graph and its plan. */
import type { EdgePlan, JobPlan } from '../../../proto/jobgraph/plan.ts'
import { buildGraph, compilePlan, defineJob, t } from '../../../sdk/index.ts'
import type { Environment } from '../../../sdk/job.ts'
import type { Sink } from '../../../sdk/sink.ts'
import type { Source } from '../../../sdk/source.ts'
import type { TypeOf } from '../../../sdk/types.ts'

export const Bid = t.object({
  auction: t.float64(),
  bidder: t.float64(),
  price: t.float64(),
  channel: t.string(),
  at: t.timestamp(),
})
const Person = t.object({ id: t.float64(), name: t.string() })
type BidRecord = TypeOf<typeof Bid>

const reader = { addSplits() {}, poll: () => 'end' as const, snapshot: () => [], close() {} }
export const bidSource: Source<BidRecord, { person: TypeOf<typeof Person> }> = {
  kind: 'source',
  name: 'bids',
  bounded: true,
  type: Bid,
  sideOutputs: { person: Person },
  discoverSplits: () => [],
  owner: () => 0,
  createReader: () => reader,
}
export const untyped: Source<BidRecord> = { ...bidSource, type: undefined, sideOutputs: undefined }
export const out: Sink<unknown> = {
  kind: 'sink',
  name: 'out',
  guarantee: 'none',
  createWriter: () => ({ write() {}, close() {} }),
}

export const build = (body: (env: Environment) => void, parallelism = 2) =>
  buildGraph(defineJob('job', body), { parallelism })
export const plan = (body: (env: Environment) => void, parallelism = 2): JobPlan =>
  compilePlan(build(body, parallelism))
export const bids = (env: Environment) => env.from(bidSource, { uid: 'bids', eventTime: 'at' })
export const columns = (edge: EdgePlan | undefined) => edge?.schema?.fields.map((each) => each.name)
