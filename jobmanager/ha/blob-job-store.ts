/**
 * Jobs in storage that all JobManagers reach:
 *
 *   jobs/<id>/plan             JobPlan as it was submitted
 *   jobs/<id>/record           register: JSON { epoch, record }
 *   jobs/<id>/results/<sha256> results that nobody had read when the job ended (job/kept-results.ts)
 *   bundles/<sha256>           by content
 *   submissions/<id>           accepted by some JobManager, not yet taken over by the leader (submissions.ts)
 *
 * The leader claims every record with its epoch when it takes over; from then on a deposed one changes nothing here: what it
 * expects to find is not there any more.
 *
 * Promises: the newest of what was saved for a job is written, in the order in which jobs were saved; what fails is tried
 * again until it is written or this leader is deposed. `flushed` tells when. Reads are answered from memory.
 *
 * Concurrency: one per term of a leader, on its thread; one write at a time.
 */
import { isMillraceError } from '../../core/errors.ts'
import type { Clock } from '../../core/platform/clock.ts'
import type { BlobStorage } from '../../core/storage/storage.ts'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import { errors as jobManagerErrors } from '../errors.ts'
import {
  bundleIdOf,
  checkContent,
  contentId,
  type JobRecord,
  type JobStore,
  recordVersion,
  type StoredJob,
} from '../job-store.ts'
import { errors } from './errors.ts'

export interface BlobJobStoreOptions {
  readonly storage: BlobStorage
  readonly epoch: number
  readonly clock: Clock
  /** Another leader has written: this one must stop. */
  deposed(reason: string): void
  /** A write failed and is tried again. */
  trouble(error: unknown): void
  /** A record is in the storage; undefined: it is gone. */
  stored(jobId: string, record: JobRecord | undefined): void
}

interface Stored {
  readonly epoch: number
  readonly record: JobRecord
}

const retryMinMs = 100
const retryMaxMs = 5000
const bundleAgeMs = 3_600_000

export const jobsPrefix = 'jobs/'
const planPath = (jobId: string): string => `${jobsPrefix}${jobId}/plan`
const recordPath = (jobId: string): string => `${jobsPrefix}${jobId}/record`
const resultsPrefix = (jobId: string): string => `${jobsPrefix}${jobId}/results/`
const bundlesPrefix = 'bundles/'
export const bundlePath = (id: string): string => `${bundlesPrefix}${id}`

export class BlobJobStore implements JobStore {
  readonly #options: BlobJobStoreOptions
  readonly #loaded: StoredJob[] = []
  /** Bytes of each register as this leader set it last. */
  readonly #registers = new Map<string, Uint8Array>()
  readonly #bundles = new Map<string, Uint8Array>()
  /** Steps by what they are about: a later one for the same job stands for the earlier, which has not begun. */
  readonly #waiting = new Map<string, () => Promise<void>>()
  #working = false
  #waiters: { resolve: () => void; reject: (error: Error) => void }[] = []
  #over: Error | undefined

  private constructor(options: BlobJobStoreOptions) {
    this.#options = options
  }

  /** Reads all jobs and claims them for this leader. Throws JOBMANAGER_STORE_UNREADABLE rather than forget one; HA_DEPOSED. */
  static async open(options: BlobJobStoreOptions): Promise<BlobJobStore> {
    const store = new BlobJobStore(options)
    const ids = new Set<string>()
    for (const { path } of await options.storage.list(jobsPrefix)) {
      const [, jobId, name] = path.split('/')
      if (name === 'record' && jobId !== undefined) ids.add(jobId)
    }
    for (const jobId of ids) await store.#claim(jobId)
    return store
  }

  load(): StoredJob[] {
    return [...this.#loaded]
  }

  create(record: JobRecord, plan: JobPlan): void {
    const { storage } = this.#options
    const { jobId } = record
    this.#enqueue(`plan ${jobId}`, () => storage.put(planPath(jobId), Buffer.from(JSON.stringify(plan))))
    this.save(record)
  }

  save(record: JobRecord): void {
    this.#enqueue(`record ${record.jobId}`, () => this.#write(record))
  }

  remove(jobId: string): void {
    const { storage, stored } = this.#options
    this.#enqueue(`record ${jobId}`, async () => {
      await this.#checkOwn(jobId)
      await storage.delete(recordPath(jobId))
      this.#registers.delete(jobId)
      await storage.delete(planPath(jobId))
      for (const { path } of await storage.list(resultsPrefix(jobId))) await storage.delete(path)
      stored(jobId, undefined)
    })
  }

  putResults(jobId: string, bytes: Uint8Array): string {
    const id = contentId(bytes)
    this.#enqueue(`results ${jobId}`, () => this.#options.storage.put(`${resultsPrefix(jobId)}${id}`, bytes))
    return id
  }

  async getResults(jobId: string, id: string): Promise<Uint8Array> {
    const { storage } = this.#options
    const path = `${resultsPrefix(jobId)}${id}`
    return checkContent(await storage.get(path), id, `${storage.url}/${path}`)
  }

  removeResults(jobId: string, id: string): void {
    this.#enqueue(`end of results ${jobId}`, () => this.#options.storage.delete(`${resultsPrefix(jobId)}${id}`))
  }

  putBundle(bytes: Uint8Array): string {
    const id = bundleIdOf(bytes)
    if (this.#bundles.has(id)) return id
    this.#bundles.set(id, bytes)
    this.#enqueue(`bundle ${id}`, async () => {
      await this.#options.storage.putIfAbsent(bundlePath(id), bytes)
    })
    return id
  }

  async getBundle(id: string): Promise<Uint8Array> {
    const own = this.#bundles.get(id)
    if (own !== undefined) return own
    const missing = (): Error => jobManagerErrors.create('NO_SUCH_BUNDLE', { bundle: id })
    if (!/^[0-9a-f]{64}$/.test(id)) throw missing()
    try {
      const bytes = await this.#options.storage.get(bundlePath(id))
      this.#bundles.set(id, bytes)
      return bytes
    } catch (error) {
      throw isMillraceError(error, 'STORAGE_NOT_FOUND') ? missing() : error
    }
  }

  sweepBundles(needed: ReadonlySet<string>): void {
    const { storage, clock } = this.#options
    for (const id of this.#bundles.keys()) if (!needed.has(id)) this.#bundles.delete(id)
    this.#enqueue('sweep of bundles', async () => {
      for (const { path, modifiedMs } of await storage.list(bundlesPrefix)) {
        const id = path.slice(bundlesPrefix.length)
        // Young ones may belong to a submission that is about to come.
        if (!needed.has(id) && clock.now() - modifiedMs > bundleAgeMs) await storage.delete(path)
      }
    })
  }

  flushed(): Promise<void> {
    if (this.#over !== undefined) return Promise.reject(this.#over)
    if (!this.#working && this.#waiting.size === 0) return Promise.resolve()
    return new Promise((resolve, reject) => {
      // A step of its own behind all that waits now.
      this.#waiters.push({ resolve, reject })
      this.#enqueue(`flush ${this.#waiters.length} ${this.#options.clock.monotonic()}`, async () => {
        this.#waiters = this.#waiters.filter((each) => each.resolve !== resolve)
        resolve()
      })
    })
  }

  /** Nothing is written any more. */
  close(reason: string): void {
    if (this.#over !== undefined) return
    this.#over = errors.create('DEPOSED', { reason })
    this.#waiting.clear()
    for (const { reject } of this.#waiters.splice(0)) reject(this.#over)
  }

  #enqueue(what: string, step: () => Promise<void>): void {
    if (this.#over !== undefined) return
    // Taken out and put in again: it goes behind what was saved in between.
    this.#waiting.delete(what)
    this.#waiting.set(what, step)
    if (this.#working) return
    this.#working = true
    this.#work().catch((error: unknown) => this.#options.trouble(error))
  }

  async #work(): Promise<void> {
    const { clock } = this.#options
    let pauseMs = retryMinMs
    for (;;) {
      const next = this.#waiting.entries().next()
      if (next.done === true) break
      const [what, step] = next.value
      this.#waiting.delete(what)
      try {
        await step()
        pauseMs = retryMinMs
      } catch (error) {
        if (this.#over !== undefined) break
        if (errors.is(error, 'DEPOSED')) {
          this.close((error as Error).message)
          this.#options.deposed('another leader has written to the job store')
          break
        }
        this.#options.trouble(error)
        await new Promise<void>((resolve) => clock.setTimeout(resolve, pauseMs))
        pauseMs = Math.min(retryMaxMs, pauseMs * 2)
        // First again, unless something newer about the same has come.
        if (!this.#waiting.has(what) && this.#over === undefined) {
          const rest = [...this.#waiting]
          this.#waiting.clear()
          this.#waiting.set(what, step)
          for (const [each, later] of rest) this.#waiting.set(each, later)
        }
      }
    }
    this.#working = false
  }

  async #write(record: JobRecord): Promise<void> {
    const { storage, epoch, stored } = this.#options
    const { jobId } = record
    const bytes = encode({ epoch, record })
    const expected = this.#registers.get(jobId) ?? null
    let failure: unknown
    let set = false
    try {
      set = await storage.compareAndSet(recordPath(jobId), expected, bytes)
    } catch (error) {
      failure = error
    }
    if (!set) {
      const found = await this.#read(jobId)
      if (found === undefined || Buffer.compare(found.bytes, bytes) !== 0) {
        // An earlier try of ours whose answer was lost is ours as well.
        const ours = found !== undefined && found.stored.epoch === epoch
        if (!ours && failure === undefined)
          throw errors.create('DEPOSED', { reason: `job ${jobId} is another leader's` })
        if (ours) this.#registers.set(jobId, found.bytes)
        throw failure ?? new Error(`the record of job ${jobId} has changed meanwhile`)
      }
    }
    this.#registers.set(jobId, bytes)
    stored(jobId, record)
  }

  async #checkOwn(jobId: string): Promise<void> {
    const found = await this.#read(jobId)
    if (found !== undefined && found.stored.epoch > this.#options.epoch) {
      throw errors.create('DEPOSED', { reason: `job ${jobId} is another leader's` })
    }
  }

  async #claim(jobId: string): Promise<void> {
    const { storage, epoch } = this.#options
    for (;;) {
      const found = await this.#read(jobId)
      if (found === undefined) return
      const { record } = found.stored
      if (found.stored.epoch > epoch) throw errors.create('DEPOSED', { reason: 'a later leader has the jobs' })
      const bytes = encode({ epoch, record })
      if (!(await storage.compareAndSet(recordPath(jobId), found.bytes, bytes))) continue
      this.#registers.set(jobId, bytes)
      this.#loaded.push({ record, plan: await this.#readPlan(jobId) })
      this.#options.stored(jobId, record)
      return
    }
  }

  async #read(jobId: string): Promise<{ readonly stored: Stored; readonly bytes: Uint8Array } | undefined> {
    const { storage } = this.#options
    let bytes: Uint8Array
    try {
      bytes = await storage.get(recordPath(jobId))
    } catch (error) {
      if (isMillraceError(error, 'STORAGE_NOT_FOUND')) return undefined
      throw error
    }
    const path = `${storage.url}/${recordPath(jobId)}`
    const stored = parseJson(bytes, path) as Stored
    const version = stored?.record?.version
    if (version !== recordVersion) {
      throw jobManagerErrors.create('STORE_UNREADABLE', { path, reason: `version ${version} is not ${recordVersion}` })
    }
    return { stored, bytes }
  }

  async #readPlan(jobId: string): Promise<JobPlan> {
    const path = planPath(jobId)
    const { storage } = this.#options
    return parseJson(await storage.get(path), `${storage.url}/${path}`) as JobPlan
  }
}

const encode = (stored: Stored): Uint8Array => Buffer.from(JSON.stringify(stored))

function parseJson(bytes: Uint8Array, path: string): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString())
  } catch (cause) {
    throw jobManagerErrors.create('STORE_UNREADABLE', { path, reason: (cause as Error).message }, { cause })
  }
}
