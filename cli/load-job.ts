/**
 * From the file of a job to its plan: bundle, import, build the graph, compile. The same steps that a slot takes, so what
 * does not build is refused here, with the user's line, before anything is submitted.
 */

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isMillraceError } from '../core/errors.ts'
import { systemDisk } from '../core/platform/disk.ts'
import { provideOwnPackage } from '../core/platform/modules.ts'
import { checkJobOptions } from '../proto/jobgraph/options.ts'
import type { JobPlan } from '../proto/jobgraph/plan.ts'
import { compilePlan } from '../sdk/graph/compile.ts'
import { buildGraph } from '../sdk/graph/load.ts'
import { isJob } from '../sdk/job.ts'
import { bundleJob, type JobBundle } from './bundle.ts'
import { cliErrors } from './errors.ts'
import { allOptions } from './process-config.ts'

export interface LoadedJob {
  readonly plan: JobPlan
  readonly bundle: JobBundle
  /** What the submission sets, `-p` included. */
  readonly options: Readonly<Record<string, string>>
}

/**
 * Throws what bundling throws; CLI_NO_DEFAULT_EXPORT, CLI_NOT_A_JOB, CLI_JOB_THROWS with the user's error as its cause;
 * CONFIG_… for options; and what the graph reports (SDK_…).
 */
export async function loadJob(
  file: string,
  options: Readonly<Record<string, string>>,
  parallelism?: number,
): Promise<LoadedJob> {
  const bundle = await bundleJob(file)
  const given = parallelism === undefined ? options : { ...options, 'parallelism.default': String(parallelism) }
  const exported = await importBundle(bundle)
  if (!('default' in exported)) throw cliErrors.create('NO_DEFAULT_EXPORT', { file })
  const job = exported.default
  if (!isJob(job)) throw cliErrors.create('NOT_A_JOB', { file, found: describe(job) })
  try {
    const plan = compilePlan(buildGraph(job, { parallelism, options: given }))
    checkOptionsOf({ ...plan.options, ...given })
    return { plan, bundle, options: given }
  } catch (error) {
    throw ofUser(file, error)
  }
}

/** What a JobManager would refuse, and the options of TaskManagers, which it does not know. Throws CONFIG_… */
function checkOptionsOf(values: Readonly<Record<string, string>>): void {
  const all = allOptions()
  checkJobOptions(
    all.filter((each) => each.scope === 'job'),
    all.filter((each) => each.scope !== 'job'),
    values,
  )
}

async function importBundle(bundle: JobBundle): Promise<Readonly<Record<string, unknown>>> {
  provideOwnPackage()
  const directory = systemDisk.makeTemporaryDirectory(join(tmpdir(), 'millrace-'))
  const path = join(directory, `${bundle.id.slice(0, 16)}.mjs`)
  try {
    systemDisk.write(path, bundle.code)
    return (await import(pathToFileURL(path).href)) as Readonly<Record<string, unknown>>
  } catch (error) {
    throw ofUser(bundle.file, error)
  } finally {
    systemDisk.remove(directory)
  }
}

/** Errors of ours name the place already; any other is the user's. */
function ofUser(file: string, error: unknown): unknown {
  if (isMillraceError(error)) return error
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  return cliErrors.create('JOB_THROWS', { file, reason }, { cause: error })
}

function describe(value: unknown): string {
  if (typeof value === 'function') return 'a function'
  if (Array.isArray(value)) return 'an array'
  if (value === null || typeof value !== 'object') return String(value)
  return 'an object that defineJob did not make'
}
