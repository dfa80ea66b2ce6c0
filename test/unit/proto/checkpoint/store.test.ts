/** The store of completed checkpoints: what counts, who may, what is deleted and when. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Clock, systemClock } from '../../../../core/platform/clock.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { openStorage } from '../../../../core/storage/open-storage.ts'
import type { BlobStorage } from '../../../../core/storage/storage.ts'
import type { Manifest } from '../../../../proto/checkpoint/manifest.ts'
import { checkpointManifestPath } from '../../../../proto/checkpoint/paths.ts'
import { CompletedCheckpointStore } from '../../../../proto/checkpoint/store.ts'
import { jobId, sampleManifest, sampleRun } from './samples.ts'

let directory: string
let storage: BlobStorage
let nowMs: number

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-store-'))
  storage = openStorage(directory)
  nowMs = 1000
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const storeOf = (
  epoch = 1,
  over: BlobStorage = storage,
  retained = 2,
  limit: { readonly timeoutMs?: number; readonly clock?: Clock } = {},
): CompletedCheckpointStore =>
  new CompletedCheckpointStore({
    storage: over,
    jobId,
    epoch,
    clock: Object.assign(Object.create(systemClock), { now: () => nowMs }) as typeof systemClock,
    retained,
    graceMs: 100,
    ...limit,
  })

/** A checkpoint whose chain is a new base, or goes on with the chain of `before`. */
async function checkpoint(id: number, before?: Manifest, epoch = 1): Promise<Manifest> {
  const run = await sampleRun(storage, { checkpointId: id, epoch, kind: before === undefined ? 'base' : 'delta' })
  const chain = before?.operators.find((operator) => operator.uid === 'count')?.subtasks[0].runs ?? []
  return sampleManifest(id, [[...chain, run]], undefined, epoch)
}

const files = async (): Promise<string[]> =>
  (await storage.list('')).map((entry) => entry.path.replace(`${jobId}/`, ''))

/** The storage with some calls replaced. */
const storageWith = (overrides: Partial<BlobStorage>): BlobStorage =>
  new Proxy(storage, {
    get: (target, name) => {
      const own = overrides[name as keyof BlobStorage] ?? target[name as keyof BlobStorage]
      return typeof own === 'function' ? own.bind(target) : own
    },
  })

describe('completing', () => {
  it('makes a checkpoint the newest, for this leader and for the next one', async () => {
    const store = storeOf()
    expect(await store.recover()).toBeUndefined()
    expect(await store.nextCheckpointId()).toBe(1)
    const first = await checkpoint(1)
    await store.add(first)
    expect(store.latest).toEqual(first)
    const next = storeOf(2)
    expect(await next.recover()).toEqual(first)
    expect(await next.nextCheckpointId()).toBe(2)
  })

  it('keeps the newest few', async () => {
    const store = storeOf()
    await store.recover()
    for (let id = 1; id <= 4; id++) await store.add(await checkpoint(id))
    expect(store.retained).toEqual([4, 3])
  })

  it('refuses runs that are missing, of another size, or of another job', async () => {
    const store = storeOf()
    await store.recover()
    const run = await sampleRun(storage, { checkpointId: 1 })
    await expect(store.add(sampleManifest(1, [[{ ...run, bytes: run.bytes + 1 }]]))).rejects.toMatchObject({
      code: 'CHECKPOINT_RUN_MISSING',
    })
    await expect(
      store.add(sampleManifest(1, [[{ ...run, path: run.path.replace('-0.run', '-9.run') }]])),
    ).rejects.toMatchObject({ code: 'CHECKPOINT_RUN_MISSING' })
    const foreign = await sampleRun(storage, { checkpointId: 1, job: 'other' })
    await expect(store.add(sampleManifest(1, [[foreign]]))).rejects.toMatchObject({ code: 'CHECKPOINT_FOREIGN_RUN' })
    expect(store.latest).toBeUndefined()
    expect(await storeOf(2).recover()).toBeUndefined()
  })

  it('survives answers that were lost after the work was done', async () => {
    let lose = false
    const lost = async <T>(work: Promise<T>): Promise<T> => {
      const result = await work
      if (lose) throw new Error('connection reset')
      return result
    }
    const over = storageWith({
      putIfAbsent: (path, bytes) => lost(storage.putIfAbsent(path, bytes)),
      compareAndSet: (path, expected, bytes) => lost(storage.compareAndSet(path, expected, bytes)),
    })
    const store = storeOf(1, over)
    await store.recover()
    lose = true
    const first = await checkpoint(1)
    await store.add(first)
    const second = await checkpoint(2, first)
    await store.add(second)
    expect(store.retained).toEqual([2, 1])
    expect(await storeOf(2).recover()).toEqual(second)
  })

  it('does not count when storage failed before the pointer moved, and the next one does', async () => {
    let fail = true
    const over = storageWith({
      compareAndSet: async (path, expected, bytes) => {
        if (fail && expected !== null) throw new Error('no route to host')
        return storage.compareAndSet(path, expected, bytes)
      },
    })
    const store = storeOf(1, over)
    await store.recover()
    const first = await checkpoint(1)
    await expect(store.add(first)).rejects.toThrow('no route to host')
    expect(store.latest).toBeUndefined()
    fail = false
    const second = await checkpoint(2, first)
    await store.add(second)
    expect(await storeOf(2).recover()).toEqual(second)
  })

  for (const step of ['size', 'putIfAbsent', 'compareAndSet'] as const) {
    for (const effect of ['took effect', 'took none'] as const) {
      it(`is given up when storage is silent from ${step} on, which ${effect}, and the next one counts`, async () => {
        const timeoutMs = 50
        const clock = new ManualClock()
        // Time passes only while there is silence: storage that is slow is none.
        const silence = (): Promise<never> => {
          setImmediate(() => clock.advance(timeoutMs))
          return new Promise(() => undefined)
        }
        let silent = false
        const over = new Proxy(storage, {
          get: (target, name) => {
            const own = target[name as keyof BlobStorage]
            if (typeof own !== 'function') return own
            return async (...args: unknown[]) => {
              silent ||= name === step && asked
              if (silent && (name !== step || effect === 'took none')) return silence()
              const result = await (own as (...all: unknown[]) => unknown).apply(target, args)
              return silent ? silence() : result
            }
          },
        })
        let asked = false
        const store = storeOf(1, over, 2, { timeoutMs, clock })
        await store.recover()
        const first = await checkpoint(1)
        asked = true
        await expect(store.add(first)).rejects.toMatchObject({ code: 'STORAGE_NO_ANSWER' })
        expect(store.latest).toBeUndefined()
        asked = false
        silent = false
        const second = await checkpoint(2, first)
        await store.add(second)
        expect(store.latest).toEqual(second)
        expect(await storeOf(2).recover()).toEqual(second)
      })
    }
  }

  it('goes on when a call that was given up for lost takes effect later', async () => {
    let late: (() => Promise<unknown>) | undefined
    let delay = false
    const over = storageWith({
      compareAndSet: async (path, expected, bytes) => {
        if (!delay) return storage.compareAndSet(path, expected, bytes)
        late = () => storage.compareAndSet(path, expected, bytes)
        throw new Error('timed out')
      },
    })
    const store = storeOf(1, over)
    await store.recover()
    delay = true
    const first = await checkpoint(1)
    await expect(store.add(first)).rejects.toThrow('timed out')
    delay = false
    await late?.()
    const second = await checkpoint(2, first)
    await store.add(second)
    expect(store.retained).toEqual([2, 1])
    expect(await storeOf(2).recover()).toEqual(second)
  })

  it('of an id that another leader used is an error, and the next id works', async () => {
    const store = storeOf()
    await store.recover()
    await storage.put(checkpointManifestPath(jobId, 1), Buffer.from('of somebody else'))
    await expect(store.add(await checkpoint(1))).rejects.toMatchObject({ code: 'CHECKPOINT_ID_TAKEN' })
    expect(await store.nextCheckpointId()).toBe(2)
    await store.add(await checkpoint(2))
    expect(store.retained).toEqual([2])
  })
})

describe('leaders', () => {
  it('of before whose next id a later one has used hear of that one, not of the id', async () => {
    const old = storeOf(1)
    await old.recover()
    await old.add(await checkpoint(1))
    const later = storeOf(2)
    await later.recover()
    await later.add(await checkpoint(2, undefined, 2))
    await expect(old.add(await checkpoint(2))).rejects.toMatchObject({ code: 'CHECKPOINT_POINTER_MOVED' })
    expect(later.retained).toEqual([2, 1])
  })

  it('of before complete and delete nothing once a later one has claimed the job', async () => {
    const old = storeOf(1)
    await old.recover()
    for (let id = 1; id <= 3; id++) await old.add(await checkpoint(id))
    await old.sweep()
    const later = storeOf(2)
    expect((await later.recover())?.checkpointId).toBe(3)
    nowMs += 1000
    const before = await files()
    await expect(old.add(await checkpoint(4))).rejects.toMatchObject({ code: 'CHECKPOINT_POINTER_MOVED' })
    await expect(old.sweep()).rejects.toMatchObject({ code: 'CHECKPOINT_POINTER_MOVED' })
    expect(await files()).toEqual(expect.arrayContaining(before))
    await expect(storeOf(1).recover()).rejects.toMatchObject({ code: 'CHECKPOINT_POINTER_MOVED' })
    expect(await storeOf(3).recover()).toEqual(later.latest)
  })
})

describe('recovery', () => {
  it('never takes an older checkpoint instead of one that cannot be read', async () => {
    const store = storeOf()
    await store.recover()
    for (let id = 1; id <= 2; id++) await store.add(await checkpoint(id))
    const path = join(directory, checkpointManifestPath(jobId, 2))
    const bytes = Buffer.from(await storage.get(checkpointManifestPath(jobId, 2)))
    bytes[bytes.length - 3] ^= 1
    writeFileSync(path, bytes)
    await expect(storeOf(2).recover()).rejects.toMatchObject({
      code: 'CHECKPOINT_ALTERED',
      message: expect.stringContaining('chk-2'),
    })
    rmSync(path)
    await expect(storeOf(2).recover()).rejects.toMatchObject({ code: 'STORAGE_NOT_FOUND' })
  })
})

describe('sweeping', () => {
  it('deletes what no kept checkpoint refers to, after the grace time', async () => {
    const store = storeOf()
    await store.recover()
    const first = await checkpoint(1)
    await store.add(first)
    const second = await checkpoint(2, first)
    await store.add(second)
    const third = await checkpoint(3)
    await store.add(third)
    await store.add(await checkpoint(4, third))
    expect(await store.sweep()).toEqual([])
    nowMs += 99
    expect(await store.sweep()).toEqual([])
    nowMs += 1
    await store.sweep()
    expect(await files()).toEqual([
      'chk-3/manifest',
      'chk-4/manifest',
      'pointer',
      'runs/1-3-2-0-0.run',
      'runs/1-4-2-0-0.run',
    ])
  })

  it('keeps runs of checkpoints that failed while a chain can still go on with them', async () => {
    const store = storeOf(1, storage, 1)
    await store.recover()
    const first = await checkpoint(1)
    await store.add(first)
    const failed = await checkpoint(2, first)
    const sweepTwice = async (): Promise<void> => {
      await store.sweep()
      nowMs += 1000
      await store.sweep()
    }
    await sweepTwice()
    expect(await files()).toContain('runs/1-2-2-0-0.run')
    const third = await checkpoint(3, failed)
    await store.add(third)
    await sweepTwice()
    expect(await files()).toEqual([
      'chk-3/manifest',
      'pointer',
      'runs/1-1-2-0-0.run',
      'runs/1-2-2-0-0.run',
      'runs/1-3-2-0-0.run',
    ])
    await store.add(await checkpoint(4))
    await sweepTwice()
    expect(await files()).toEqual(['chk-4/manifest', 'pointer', 'runs/1-4-2-0-0.run'])
  })

  it('deletes what leaders of before left, and nothing of later ones', async () => {
    await storeOf(1).recover()
    await sampleRun(storage, { checkpointId: 7, epoch: 1 })
    await sampleRun(storage, { checkpointId: 7, epoch: 3 })
    const store = storeOf(2)
    await store.recover()
    await store.add(await checkpoint(8, undefined, 2))
    await store.sweep()
    nowMs += 1000
    await store.sweep()
    expect(await files()).toEqual(['chk-8/manifest', 'pointer', 'runs/2-8-2-0-0.run', 'runs/3-7-2-0-0.run'])
  })

  it('waits while somebody holds', async () => {
    const store = storeOf(1, storage, 1)
    await store.recover()
    await store.add(await checkpoint(1))
    await store.add(await checkpoint(2))
    const release = store.hold()
    await store.sweep()
    nowMs += 1000
    expect(await store.sweep()).toEqual([])
    release()
    release()
    expect(await store.sweep()).toHaveLength(2)
  })

  it('deletes nothing when a kept checkpoint cannot be read', async () => {
    const store = storeOf()
    await store.recover()
    for (let id = 1; id <= 3; id++) await store.add(await checkpoint(id))
    const later = storeOf(2)
    await later.recover()
    await storage.put(checkpointManifestPath(jobId, 2), Buffer.from('damaged'))
    const before = await files()
    await expect(later.sweep()).rejects.toMatchObject({ code: 'CHECKPOINT_WRONG_MAGIC' })
    expect(await files()).toEqual(before)
  })

  it('of a whole job leaves nothing', async () => {
    const store = storeOf()
    await store.recover()
    for (let id = 1; id <= 3; id++) await store.add(await checkpoint(id))
    await store.deleteAll()
    expect(await files()).toEqual([])
    expect(await storeOf(2).recover()).toBeUndefined()
  })
})
