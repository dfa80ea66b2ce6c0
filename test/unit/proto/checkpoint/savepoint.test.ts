/** Savepoints: complete, movable, and read through the same door as checkpoints. */
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../core/platform/clock.ts'
import { openStorage, storageUrl } from '../../../../core/storage/open-storage.ts'
import type { BlobStorage } from '../../../../core/storage/storage.ts'
import { describeSnapshot, formatRestore, formatSnapshot } from '../../../../proto/checkpoint/inspect.ts'
import { type Manifest, runHandles } from '../../../../proto/checkpoint/manifest.ts'
import { assignRestore, checkRestore } from '../../../../proto/checkpoint/restore-plan.ts'
import { mergeRuns, openChain } from '../../../../proto/checkpoint/runs/run.ts'
import {
  disposeSavepoint,
  listSnapshots,
  readSnapshot,
  savepointLocation,
  writeSavepoint,
} from '../../../../proto/checkpoint/savepoint.ts'
import { CompletedCheckpointStore } from '../../../../proto/checkpoint/store.ts'
import { verifySnapshot } from '../../../../proto/checkpoint/verify.ts'
import { jobId, sampleManifest, samplePlan, sampleRun, state } from './samples.ts'

let directory: string
let storage: BlobStorage
let manifest: Manifest

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-savepoint-'))
  storage = openStorage(join(directory, 'checkpoints'))
  const base = [0, 1].map((subtask) => sampleRun(storage, { checkpointId: 1, subtask, parallelism: 2 }))
  const small = sampleRun(storage, {
    checkpointId: 2,
    subtask: 1,
    parallelism: 2,
    kind: 'delta',
    inlineBytesMax: 1 << 20,
  })
  manifest = sampleManifest(2, [[await base[0]], [await base[1], await small]])
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const entriesOf = async (snapshot: { root: string; manifest: Manifest }): Promise<string[]> => {
  const assignment = assignRestore(snapshot.manifest, samplePlan(1), 1, 0, { root: snapshot.root, jobId })
  const chain = await openChain(openStorage(snapshot.root), assignment.operators[0].runs)
  const found: string[] = []
  for (const at of mergeRuns(chain)) found.push(`${Buffer.from(at.key)}=${Buffer.from(at.value)}`)
  return found
}

describe('a savepoint', () => {
  it('holds everything, wherever it is moved', async () => {
    const target = savepointLocation(join(directory, 'saved'), jobId, 2)
    const written = await writeSavepoint(storage, manifest, target)
    const wanted = await entriesOf({ root: storage.url, manifest })
    expect(wanted).toHaveLength(1024)
    expect(wanted.at(-1)).toBe('key-65472=2')
    expect(await entriesOf(written)).toEqual(wanted)
    const elsewhere = join(directory, 'elsewhere')
    cpSync(join(directory, 'saved', `savepoint-${jobId}-2`), elsewhere, { recursive: true })
    rmSync(join(directory, 'saved'), { recursive: true })
    rmSync(join(directory, 'checkpoints'), { recursive: true })
    const read = await readSnapshot(elsewhere)
    expect(read.manifest.kind).toBe('savepoint')
    expect(await entriesOf(read)).toEqual(wanted)
    expect(await entriesOf(await readSnapshot(`${storageUrl(elsewhere)}/manifest`))).toEqual(wanted)
  })

  it('goes only where there is nothing yet', async () => {
    await openStorage(directory).put('taken/file', Buffer.from('precious'))
    await expect(writeSavepoint(storage, manifest, join(directory, 'taken'))).rejects.toMatchObject({
      code: 'CHECKPOINT_TARGET_TAKEN',
    })
    expect(existsSync(join(directory, 'taken', 'file'))).toBe(true)
  })

  it('that fails half-way leaves nothing behind', async () => {
    const [, count] = manifest.operators
    await storage.delete(count.subtasks[1].runs[0].path)
    await expect(writeSavepoint(storage, manifest, join(directory, 'half'))).rejects.toMatchObject({
      code: 'STORAGE_NOT_FOUND',
    })
    expect(await openStorage(join(directory, 'half')).list('')).toEqual([])
  })

  it('is disposed of with its directory, and of no other', async () => {
    await writeSavepoint(storage, manifest, join(directory, 'all of mine', 'ä'))
    await disposeSavepoint(join(directory, 'all of mine', 'ä'))
    expect(readdirSync(join(directory, 'all of mine'))).toEqual([])
  })

  it('is disposed of with its runs, and what else lies there stays', async () => {
    await writeSavepoint(storage, manifest, join(directory, 'saved'))
    writeFileSync(join(directory, 'saved', 'notes.txt'), 'mine')
    await disposeSavepoint(join(directory, 'saved'))
    expect((await openStorage(join(directory, 'saved')).list('')).map((entry) => entry.path)).toEqual(['notes.txt'])
    await expect(disposeSavepoint(join(directory, 'saved'))).rejects.toMatchObject({ code: 'CHECKPOINT_NO_SNAPSHOT' })
  })
})

describe('a checkpoint', () => {
  beforeEach(async () => {
    const store = new CompletedCheckpointStore({ storage, jobId, epoch: 1, clock: systemClock })
    await store.recover()
    await store.add(manifest)
  })

  it('is read by its directory', async () => {
    const read = await readSnapshot(`${storage.url}/${jobId}/chk-2`)
    expect(read.root).toBe(storage.url)
    expect(read.manifest).toEqual(manifest)
    expect(await entriesOf(read)).toHaveLength(1024)
  })

  it('is not disposed of by hand', async () => {
    await expect(disposeSavepoint(`${storage.url}/${jobId}/chk-2`)).rejects.toMatchObject({
      code: 'CHECKPOINT_NOT_A_SAVEPOINT',
    })
    expect(await readSnapshot(`${storage.url}/${jobId}/chk-2`)).toBeDefined()
  })

  it('is listed with savepoints, damaged ones included', async () => {
    await writeSavepoint(storage, { ...manifest, timeMs: manifest.timeMs + 5 }, join(directory, 'saved'))
    await openStorage(directory).put('broken/manifest', Buffer.from('MRMF'))
    const entries = await listSnapshots(directory)
    expect(entries.map((entry) => [entry.location.replace(storageUrl(directory), ''), 'error' in entry])).toEqual([
      ['/saved', false],
      [`/checkpoints/${jobId}/chk-2`, false],
      ['/broken', true],
    ])
  })
})

describe('inspection', () => {
  it('says what is there, where there is nothing', async () => {
    await expect(readSnapshot(join(directory, 'nowhere'))).rejects.toMatchObject({
      code: 'CHECKPOINT_NO_SNAPSHOT',
      hint: expect.any(String),
    })
  })

  it('counts every run once and names every state', () => {
    const description = describeSnapshot(manifest)
    expect(description).toMatchObject({ jobName: 'sample', checkpointId: 2, runs: 3 })
    expect(description.operators[1]).toMatchObject({
      uid: 'count',
      entries: 512 * 3,
      states: [{ name: 'count', kind: 'value', type: 'float64' }],
    })
    const lines = formatSnapshot(description).join('\n')
    expect(lines).toContain("checkpoint 2 of job 'sample'")
    expect(lines).toContain('2 splits')
    expect(lines).toContain('4 pending commits')
  })

  it('prints what a restore would do, one line per state', () => {
    const check = checkRestore(manifest, samplePlan(1, [state('other')], 'renamed'))
    expect(formatRestore(check.lines)).toEqual([
      'lost      count.count  operator count has no state of this name',
      'new       count.other  the snapshot has no such state',
      "note      the snapshot is of job 'sample', not 'renamed': uids decide",
    ])
  })
})

describe('verifying a snapshot', () => {
  const saved = async (): Promise<string> => {
    const { location } = await writeSavepoint(storage, manifest, savepointLocation(join(directory, 'saved'), jobId, 2))
    return location
  }
  const files = (location: string): string[] =>
    readdirSync(fileURLToPath(location), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name !== 'manifest')
      .map((entry) => join(entry.parentPath, entry.name))

  it('counts what is there when nothing is wrong', async () => {
    const steps: number[] = []
    const { runs, entries, problems } = await verifySnapshot(await saved(), (done, of) => steps.push(done / of))
    expect(problems).toEqual([])
    expect(runs).toBe(3)
    expect(entries).toBe([...runHandles(manifest)].reduce((sum, run) => sum + run.entries, 0))
    expect(steps.at(-1)).toBe(1)
  })

  it('names every run that is missing, cut short or altered in any byte, and goes on', async () => {
    const location = await saved()
    const [one, two] = files(location) as [string, string]
    const whole = readFileSync(one)
    for (let at = 0; at < whole.length; at += 7) {
      const altered = Buffer.from(whole)
      altered[at] = (altered[at] as number) ^ 0x10
      writeFileSync(one, altered)
      const { problems } = await verifySnapshot(location)
      expect(problems, `byte ${at}`).toMatchObject([{ code: expect.stringMatching(/^CHECKPOINT_/) }])
      expect(problems[0]?.where).toBe(pathToFileURL(one).href)
    }
    writeFileSync(one, whole.subarray(0, whole.length - 1))
    rmSync(two)
    const { problems } = await verifySnapshot(location)
    expect(problems.map(({ code }) => code).sort()).toEqual([
      expect.stringMatching(/^CHECKPOINT_/),
      'STORAGE_NOT_FOUND',
    ])
  })
})
