/**
 * From a job to its graph. Pure: the same job, options and parallelism give the same graph each time, in the client and
 * in every slot.
 */

import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { sdkErrors } from '../errors.ts'
import { Environment, isJob, type Job } from '../job.ts'
import { checkParallelism, GraphBuilder } from './builder.ts'
import { whileBuilding } from './building.ts'
import { compilePlan } from './compile.ts'
import type { JobGraph } from './nodes.ts'

/** Option that carries the job's parallelism. */
export const parallelismOption = 'parallelism.default'

export interface BuildOptions {
  /** Of operators that have none of their own. Goes before the job's own and the option `parallelism.default`. */
  readonly parallelism?: number | undefined
  /** Options of the submission by key: they go before what the job sets. */
  readonly options?: Readonly<Record<string, string>> | undefined
}

/** Takes the job out of what a job file exports. `what` names the file for messages. Throws SDK_NOT_A_JOB. */
export function jobOf(exported: unknown, what: string): Job {
  const holder = exported as { default?: unknown } | null | undefined
  for (const candidate of [
    exported,
    holder?.default,
    (holder?.default as { default?: unknown } | undefined)?.default,
  ]) {
    if (isJob(candidate)) return candidate
  }
  const inner = holder?.default
  const found =
    inner === undefined ? 'it has no default export' : `its default export is ${inner === null ? 'null' : typeof inner}`
  throw sdkErrors.create('NOT_A_JOB', { what, found })
}

/** Runs the job's function and returns the graph. Errors of user code come through as they are. */
export function buildGraph(job: Job, { parallelism, options = {} }: BuildOptions = {}): JobGraph {
  if (!isJob(job))
    throw sdkErrors.create('NOT_A_JOB', {
      what: 'what buildGraph was given',
      found: `it is ${job === null ? 'null' : typeof job}`,
    })
  const set = new Map(Object.entries(job.options.options ?? {}).map(([key, value]) => [key, String(value)]))
  const chosen =
    parallelism ??
    numberOption(options[parallelismOption]) ??
    job.options.parallelism ??
    numberOption(set.get(parallelismOption)) ??
    1
  checkParallelism(chosen, `the job "${job.name}"`, undefined)
  const builder = new GraphBuilder(job.name)
  const env = new Environment(builder, options, set, chosen)
  const result: unknown = whileBuilding(
    (key) => env.option(key),
    () => job.build(env),
  )
  if (result instanceof Promise) {
    // The outcome is of no interest any more, but a rejection must not end the process.
    result.catch(() => undefined)
    throw sdkErrors.create('BUILD_ASYNC', { job: job.name })
  }
  const merged = { ...Object.fromEntries(set), ...options, [parallelismOption]: String(chosen) }
  return builder.finish(merged, chosen)
}

function numberOption(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const number = Number(text)
  // Refused here, where the text is still known.
  checkParallelism(Number.isNaN(number) ? text : number, 'the job', undefined)
  return number
}

/**
 * The graph of a job that was submitted, for a slot: built with the plan's own options and held against its hash. Throws
 * SDK_PLAN_DIFFERS.
 */
export function rebuildGraph(job: Job, plan: JobPlan): JobGraph {
  const graph = buildGraph(job, { options: plan.options })
  const { hash } = compilePlan(graph)
  if (hash === plan.hash) return graph
  throw sdkErrors.create('PLAN_DIFFERS', { job: plan.name, found: hash.slice(0, 12), expected: plan.hash.slice(0, 12) })
}
