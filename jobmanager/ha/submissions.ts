/**
 * Jobs that were accepted and that no leader has taken over yet, in the storage beside the jobs: `submissions/<id>`.
 *
 * Promises: what `put` has stored becomes a job, once, although JobManagers and Redis come and go: a leader looks here when
 * it takes over and now and then, whatever queues say.
 */
import { isMillraceError } from '../../core/errors.ts'
import type { BlobStorage } from '../../core/storage/storage.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { bundleIdOf } from '../job-store.ts'
import { bundlePath } from './blob-job-store.ts'

export interface Submission {
  readonly jobId: string
  readonly plan: JobPlan
  readonly bundle: Uint8Array
  readonly options: Readonly<Record<string, string>>
  readonly savepointPath: string | undefined
  readonly allowNonRestoredState: boolean
}

type Stored = Omit<Submission, 'bundle'> & { readonly version: 1; readonly bundleId: string }

const prefix = 'submissions/'

export class Submissions {
  readonly #storage: BlobStorage

  constructor(storage: BlobStorage) {
    this.#storage = storage
  }

  /** The bundle first: whoever sees the submission finds it. */
  async put(submission: Submission): Promise<void> {
    const { bundle, ...rest } = submission
    const bundleId = bundleIdOf(bundle)
    // Again although it may be there: it is young then, and nobody sweeps it away.
    await this.#storage.put(bundlePath(bundleId), bundle)
    const stored: Stored = { version: 1, ...rest, bundleId }
    await this.#storage.put(`${prefix}${submission.jobId}`, Buffer.from(JSON.stringify(stored)))
  }

  /** Ids of all that wait. */
  async waiting(): Promise<string[]> {
    return (await this.#storage.list(prefix)).map(({ path }) => path.slice(prefix.length))
  }

  /** Undefined when it was taken over already. */
  async get(jobId: string): Promise<Submission | undefined> {
    let bytes: Uint8Array
    try {
      bytes = await this.#storage.get(`${prefix}${jobId}`)
    } catch (error) {
      if (isMillraceError(error, 'STORAGE_NOT_FOUND')) return undefined
      throw error
    }
    const { version: _, bundleId, ...rest } = JSON.parse(Buffer.from(bytes).toString()) as Stored
    // JSON has no undefined.
    return { ...rest, savepointPath: rest.savepointPath, bundle: await this.#storage.get(bundlePath(bundleId)) }
  }

  async remove(jobId: string): Promise<void> {
    await this.#storage.delete(`${prefix}${jobId}`)
  }
}
