import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { systemClock } from '../../../../core/platform/clock.ts'
import { openStorage } from '../../../../core/storage/open-storage.ts'
import type { BlobStorage } from '../../../../core/storage/storage.ts'
import type { Manifest } from '../../../../proto/checkpoint/manifest.ts'
import { findOrphans, removeOrphans } from '../../../../proto/checkpoint/orphans.ts'
import { readSnapshot, writeSavepoint } from '../../../../proto/checkpoint/savepoint.ts'
import { CompletedCheckpointStore } from '../../../../proto/checkpoint/store.ts'
import { verifySnapshot } from '../../../../proto/checkpoint/verify.ts'
import { jobId, sampleManifest, sampleRun } from './samples.ts'

const dayMs = 86_400_000
let directory: string
let storage: BlobStorage
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-orphans-'))
  storage = openStorage(directory)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const storeOf = (epoch = 1, retained = 1): CompletedCheckpointStore =>
  new CompletedCheckpointStore({ storage, jobId, epoch, clock: systemClock, retained })

async function complete(store: CompletedCheckpointStore, id: number, epoch = 1): Promise<Manifest> {
  const manifest = sampleManifest(
    id,
    [[await sampleRun(storage, { checkpointId: id, epoch, kind: 'base' })]],
    undefined,
    epoch,
  )
  await store.add(manifest)
  return manifest
}
const paths = async (): Promise<string[]> => (await storage.list('')).map(({ path }) => path)
const clean = (nowMs = Date.now() + 2 * dayMs): ReturnType<typeof removeOrphans> => removeOrphans(storage, nowMs, dayMs)

it('removes what a killed leader left, and nothing that a kept checkpoint names', async () => {
  const store = storeOf()
  await store.recover()
  await complete(store, 1)
  await complete(store, 2)
  const lost = await sampleRun(storage, { checkpointId: 9, epoch: 1, kind: 'base' })
  expect((await clean(Date.now())).removed).toEqual([])
  const dry = await findOrphans(storage, Date.now() + 2 * dayMs, dayMs)
  const { removed, problems } = await clean()
  expect(problems).toEqual([])
  expect(removed.map(({ path }) => path).sort()).toEqual(dry.orphans.map(({ path }) => path).sort())
  expect(removed).toContainEqual(expect.objectContaining({ path: lost.path, reason: 'of-no-checkpoint' }))
  expect(removed).toContainEqual(expect.objectContaining({ path: `${jobId}/chk-1/manifest`, reason: 'superseded' }))
  expect((await verifySnapshot(`${storage.url}/${jobId}/chk-2`)).problems).toEqual([])
  await storeOf(2).recover()
})

it('leaves all of a job whose pointer or manifest cannot be read, and says so', async () => {
  const store = storeOf()
  await store.recover()
  await complete(store, 1)
  await complete(store, 2)
  await storage.put(`${jobId}/chk-2/manifest`, Buffer.from('not a manifest'))
  const before = await paths()
  const { removed, problems } = await clean()
  expect(removed).toEqual([])
  expect(problems).toEqual([{ jobId, message: expect.stringContaining('is not a snapshot manifest') as string }])
  expect(await paths()).toEqual(before)
})

it('leaves savepoints and what is not its own', async () => {
  const store = storeOf()
  await store.recover()
  const manifest = await complete(store, 1)
  const savepoint = await writeSavepoint(storage, { ...manifest, kind: 'savepoint' }, `${storage.url}/savepoint-1`)
  writeFileSync(join(directory, 'notes.txt'), 'mine')
  await clean()
  expect((await verifySnapshot(savepoint.location)).problems).toEqual([])
  expect((await readSnapshot(savepoint.location)).manifest.checkpointId).toBe(1)
  expect(await paths()).toContain('notes.txt')
})

it('removes what a job without a pointer left, once all of it is old', async () => {
  const young = await sampleRun(storage, { checkpointId: 1, epoch: 1, kind: 'base' })
  const old = await sampleRun(storage, { checkpointId: 2, epoch: 1, kind: 'base' })
  const ago = new Date(Date.now() - 3 * dayMs)
  utimesSync(join(directory, old.path), ago, ago)
  expect((await clean(Date.now())).removed).toEqual([])
  utimesSync(join(directory, young.path), ago, ago)
  expect((await clean(Date.now())).removed).toHaveLength(2)
  expect(await paths()).toEqual([])
})

it('keeps a checkpoint that completes between the look and the removal', async () => {
  const store = storeOf(1, 2)
  await store.recover()
  await complete(store, 1)
  const run = await sampleRun(storage, { checkpointId: 2, epoch: 1, kind: 'base' })
  let lists = 0
  const racing = new Proxy(storage, {
    get(target, name) {
      if (name === 'list')
        return async (prefix: string) => {
          if (++lists === 2) await store.add(sampleManifest(2, [[run]]))
          return target.list(prefix)
        }
      const value: unknown = Reflect.get(target, name)
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
  expect((await removeOrphans(racing, Date.now() + 2 * dayMs, dayMs)).removed).toEqual([])
  expect((await verifySnapshot(`${storage.url}/${jobId}/chk-2`)).problems).toEqual([])
})

it('never removes what a retained checkpoint names, whatever was completed, lost and swept before', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('complete', 'lost run', 'sweep', 'new leader'), { maxLength: 12 }),
      fc.integer({ min: 1, max: 3 }),
      async (steps, retained) => {
        rmSync(directory, { recursive: true, force: true })
        storage = openStorage(directory)
        let epoch = 1
        let store = storeOf(epoch, retained)
        await store.recover()
        let id = 0
        for (const step of steps) {
          if (step === 'complete') await complete(store, ++id, epoch)
          else if (step === 'lost run') await sampleRun(storage, { checkpointId: ++id, epoch, kind: 'base' })
          else if (step === 'sweep') await store.sweep()
          else {
            store = storeOf(++epoch, retained)
            await store.recover()
          }
        }
        await clean()
        for (const kept of store.retained) {
          expect((await verifySnapshot(`${storage.url}/${jobId}/chk-${kept}`)).problems).toEqual([])
        }
        expect((await clean()).orphans).toEqual([])
      },
    ),
    { numRuns: 40 },
  )
})
