/** What JobManagers agree on through the storage: epochs and jobs. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../../core/platform/clock.ts'
import { openStorage } from '../../../../core/storage/open-storage.ts'
import type { BlobStorage } from '../../../../core/storage/storage.ts'
import { BlobJobStore } from '../../../../jobmanager/ha/blob-job-store.ts'
import { lockDirectory } from '../../../../jobmanager/ha/directory-lock.ts'
import { EpochFence } from '../../../../jobmanager/ha/fence.ts'
import { Submissions } from '../../../../jobmanager/ha/submissions.ts'
import type { JobRecord } from '../../../../jobmanager/job-store.ts'
import { testPlan } from '../../../support/plan.ts'

let directory = ''
let storage: BlobStorage
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-ha-unit-'))
  storage = openStorage(directory)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const plan = testPlan('job', 1)
const record = (jobId: string, attempt = 0): JobRecord => ({
  version: 1,
  jobId,
  name: jobId,
  submittedMs: 1,
  bundleId: '',
  bundleBytes: 0,
  options: {},
  state: 'created',
  attempt,
  restarts: 0,
})

async function open(epoch: number, deposed: string[] = []): Promise<BlobJobStore> {
  return BlobJobStore.open({
    storage,
    epoch,
    clock: systemClock,
    deposed: (reason) => deposed.push(reason),
    trouble: () => undefined,
    stored: () => undefined,
  })
}

it('epochs are never given twice, also to those who claim at once', async () => {
  const claims = Array.from({ length: 8 }, (_, each) => new EpochFence(storage, 'c').claim(`host:${each}`, 0))
  const epochs = await Promise.all(claims)
  expect(new Set(epochs).size).toBe(8)
  expect(await new EpochFence(storage, 'c').claim('host:9', 40)).toBe(41)
})

it('a directory of another cluster is refused and left alone, and so is a fence that is none', async () => {
  await new EpochFence(storage, 'one').claim('host:1', 0)
  await expect(new EpochFence(storage, 'two').claim('host:2', 0)).rejects.toMatchObject({
    code: 'HA_DIRECTORY_OF_OTHER_CLUSTER',
  })
  expect((await new EpochFence(storage, 'one').read())?.epoch).toBe(1)
  const other = openStorage(join(directory, 'other'))
  await other.compareAndSet('leader', null, Buffer.from('garbage'))
  await expect(new EpochFence(other, 'one').claim('host:1', 0)).rejects.toMatchObject({ code: 'HA_BAD_FENCE' })
})

it('a leader of yesterday says that it lives in vain', async () => {
  const fence = new EpochFence(storage, 'c')
  const epoch = await fence.claim('host:1', 0)
  expect(await fence.beat(epoch, 5)).toBe(true)
  await fence.claim('host:2', 0)
  expect(await fence.beat(epoch, 6)).toBe(false)
})

it('the newest of each job is there for the next leader, and the last one can change nothing any more', async () => {
  const deposed: string[] = []
  const first = await open(1, deposed)
  first.create(record('a'), plan)
  first.create(record('b'), plan)
  for (let attempt = 1; attempt <= 50; attempt++) first.save(record('a', attempt))
  await first.flushed()
  const second = await open(2)
  expect(second.load().map((job) => [job.record.jobId, job.record.attempt])).toEqual([
    ['a', 50],
    ['b', 0],
  ])
  first.save(record('a', 51))
  await expect(first.flushed()).rejects.toMatchObject({ code: 'HA_DEPOSED' })
  expect(deposed).toHaveLength(1)
  second.save(record('b', 1))
  second.remove('a')
  await second.flushed()
  expect((await open(3)).load().map((job) => [job.record.jobId, job.record.attempt])).toEqual([['b', 1]])
  await expect(open(2)).rejects.toMatchObject({ code: 'HA_DEPOSED' })
})

it('a job that cannot be read stops the takeover: none is forgotten', async () => {
  const first = await open(1)
  first.create(record('a'), plan)
  await first.flushed()
  const found = await storage.get('jobs/a/record')
  await storage.compareAndSet('jobs/a/record', found, Buffer.from('{'))
  await expect(open(2)).rejects.toMatchObject({ code: 'JOBMANAGER_STORE_UNREADABLE' })
})

it('bundles are the same for every leader, and one that is not there is named', async () => {
  const first = await open(1)
  const id = first.putBundle(Buffer.from('code'))
  await first.flushed()
  const second = await open(2)
  expect(Buffer.from(await second.getBundle(id)).toString()).toBe('code')
  await expect(second.getBundle('f'.repeat(64))).rejects.toMatchObject({ code: 'JOBMANAGER_NO_SUCH_BUNDLE' })
})

it('a submission is found by any JobManager until it is removed', async () => {
  const jobId = '0123456789abcdef'
  const bundle = Buffer.from('code')
  const given = { jobId, plan, bundle, options: { a: 'b' }, savepointPath: undefined, allowNonRestoredState: false }
  await new Submissions(storage).put(given)
  const other = new Submissions(openStorage(directory))
  expect(await other.waiting()).toEqual([jobId])
  expect(await other.get(jobId)).toEqual(given)
  await other.remove(jobId)
  expect(await new Submissions(storage).get(jobId)).toBeUndefined()
})

it('a local directory has one JobManager, and is free again when that one is gone', async () => {
  const unlock = await lockDirectory(directory)
  await expect(lockDirectory(directory)).rejects.toMatchObject({ code: 'HA_STORE_LOCKED' })
  await unlock()
  await (await lockDirectory(directory))()
})

it('results that nobody has read are there for the next leader, and go when they were read or with their job', async () => {
  const first = await open(1)
  first.create(record('a'), plan)
  first.create(record('b'), plan)
  const bytes = Buffer.from('{"version":1,"streams":[]}')
  const one = first.putResults('a', bytes)
  const two = first.putResults('b', bytes)
  await first.flushed()
  const second = await open(2)
  expect(Buffer.from(await second.getResults('a', one))).toEqual(bytes)
  const results = async (): Promise<string[]> =>
    (await storage.list('jobs/')).map(({ path }) => path).filter((path) => path.includes('/results/'))
  expect(await results()).toEqual([`jobs/a/results/${one}`, `jobs/b/results/${two}`])
  second.removeResults('a', one)
  second.remove('b')
  await second.flushed()
  expect(await results()).toEqual([])
  await storage.put(`jobs/a/results/${one}`, Buffer.from('else'))
  await expect(second.getResults('a', one)).rejects.toMatchObject({ code: 'JOBMANAGER_STORE_UNREADABLE' })
})
