import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { systemClock } from '../../../../core/platform/clock.ts'
import { openStorage } from '../../../../core/storage/open-storage.ts'
import { runPath } from '../../../../proto/checkpoint/paths.ts'
import type { StateBackendOptions } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import {
  forgetCopies,
  forgetOldCopies,
  useLocalCopies,
  withCopies,
} from '../../../../taskmanager/state/snapshot/local-copies.ts'
import { restoredRuns } from '../../../support/restored.ts'
import { shapeOf, testHash } from './support.ts'

let directory: string
let root: string
let local: string
const run = (checkpointId: number, subtask = 0): string =>
  runPath('job', { epoch: 1, checkpointId, node: 2, subtask, sequence: 0 })
const keys = Array.from({ length: 3000 }, (_, key) => key)
const bytes = (text: string): Buffer => Buffer.from(text)

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-local-'))
  root = join(directory, 'checkpoints')
  local = join(directory, 'local')
  useLocalCopies(local)
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

const copyOf = (path: string): string => join(local, readdirSync(local)[0] ?? '', path)
const read = async (path: string, length: number): Promise<string> =>
  Buffer.from(await openStorage(withCopies(root)).getRange(path, 0, length)).toString()

describe('local copies of runs', () => {
  it('are read in place of the storage, by the next process too', async () => {
    await openStorage(withCopies(root)).put(run(1), [bytes('on'), bytes('e')])
    const writer = await openStorage(withCopies(root)).openWriter(run(2))
    await writer.write(bytes('tw'))
    await writer.write(bytes('o'))
    await writer.finish()
    expect(readFileSync(join(root, run(2)), 'utf8')).toBe('two')
    rmSync(root, { recursive: true })
    expect(await read(run(1), 3)).toBe('one')
    expect(await read(run(2), 3)).toBe('two')
    const part = await openStorage(withCopies(root)).getRange(run(2), 1, 2)
    expect(Buffer.from(part).toString()).toBe('wo')
  })

  it('are passed over when they are missing, cut short, or said to be something else', async () => {
    const storage = openStorage(withCopies(root))
    for (const id of [1, 2, 3]) await storage.put(run(id), bytes(`run ${id}`))
    rmSync(copyOf(run(1)))
    writeFileSync(copyOf(run(2)), 'run')
    writeFileSync(copyOf(run(3)), 'run X')
    const reading = openStorage(withCopies(root))
    const text = async (id: number): Promise<string> => Buffer.from(await reading.getRange(run(id), 0, 5)).toString()
    expect([await text(1), await text(2), await text(3)]).toEqual(['run 1', 'run 2', 'run X'])
    await reading.distrust?.(run(3))
    expect(await text(3)).toBe('run 3')
    expect([2, 3].map((id) => existsSync(copyOf(run(id))))).toEqual([false, false])
  })

  it('give way to the storage when any byte of one is altered, and the state is the same', async () => {
    const options = (restored?: StateBackendOptions['restored']): StateBackendOptions => ({
      key: shapeOf('number'),
      range: { from: 0, to: 65536 },
      states: [],
      target: { root: withCopies(root), jobId: 'job', epoch: restored === undefined ? 1 : 2, node: 2, subtask: 0 },
      restored,
      clock: systemClock,
    })
    const backend = createKeyedStateBackend(options())
    const values = backend.value('text')
    await backend.open()
    const ids = backend.resolveRows({ keys: keys, hashes: Int32Array.from(keys, testHash) }, keys.length)
    keys.forEach((key, i) => {
      values.set(ids[i], `${key}`.repeat(2 + (key % 50)))
    })
    const runs = await backend.snapshot(1).result
    backend.close()
    expect(runs).toHaveLength(1)
    const copy = copyOf(runs[0].path)
    const whole = readFileSync(copy)
    for (let at = 0; at < whole.length; at += 1 + Math.floor(whole.length / 40)) {
      const altered = Buffer.from(whole)
      altered[at] ^= 0x10
      mkdirSync(dirname(copy), { recursive: true })
      writeFileSync(copy, altered)
      const again = createKeyedStateBackend(options(restoredRuns(withCopies(root), runs)))
      const read = again.value('text')
      await again.open()
      expect(again.size).toBe(keys.length)
      for (const id of again.ids()) {
        const key = again.keyOf(id) as number
        expect(read.get(id)).toBe(`${key}`.repeat(2 + (key % 50)))
      }
      again.close()
      expect(existsSync(copy)).toBe(false)
    }
  })

  it('cost nothing but themselves when their disk fails', async () => {
    writeFileSync(local, 'a file where the directory should be')
    const storage = openStorage(withCopies(root))
    await storage.put(run(1), bytes('one'))
    const writer = await storage.openWriter(run(2))
    await writer.write(bytes('two'))
    await writer.finish()
    expect(await read(run(1), 3)).toBe('one')
    expect(await read(run(2), 3)).toBe('two')
    await forgetOldCopies(local, Date.now())
  })

  it('go when a checkpoint does without them, and stay for others', async () => {
    const storage = openStorage(withCopies(root))
    for (const path of [run(1), run(2), run(3), run(1, 1)]) await storage.put(path, bytes(path))
    await forgetCopies(local, root, 'job', new Set(['2/0']), new Set([run(2)]), 2)
    expect([run(1), run(2), run(3), run(1, 1)].map((path) => existsSync(copyOf(path)))).toEqual([
      false,
      true,
      true,
      true,
    ])
    expect(await read(run(1), run(1).length)).toBe(run(1))
  })

  it('go by age when nobody came back for them', async () => {
    const storage = openStorage(withCopies(root))
    for (const id of [1, 2]) await storage.put(run(id), bytes('run'))
    const ago = new Date(Date.now() - 2 * 86_400_000)
    utimesSync(copyOf(run(1)), ago, ago)
    await forgetOldCopies(local, Date.now())
    expect([run(1), run(2)].map((path) => existsSync(copyOf(path)))).toEqual([false, true])
  })
})
