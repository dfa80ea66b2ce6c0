/** Chains that are read ahead in slices: the same entries as at once, in bounded memory, and damage is noticed in its turn. */
import { expect, it } from 'vitest'
import {
  type ChainRun,
  ChainStream,
  chainSlices,
  entryKind,
  mergeRuns,
  openChain,
  RunReader,
  RunWriter,
  saveRun,
} from '../../../../proto/checkpoint/runs/run.ts'
import { memoryStorage } from './memory-storage.ts'

const { put, tombstone } = entryKind
const none = new Uint8Array(0)
const b = (text: string): Uint8Array => Buffer.from(text)
const count = 50_000
const sliceBytes = 300_000
const step = Math.floor(2 ** 32 / count)

/** Every `every`th of the keys, from range `from` to `to`. */
function runOf(every: number, kind: 'base' | 'delta', from = 0, to = 65_536): RunWriter {
  const writer = new RunWriter({ from, to, kind })
  for (let i = 0; i < count; i += every) {
    const hash = i * step
    if (hash < from * 65_536 || hash >= to * 65_536) continue
    if (kind === 'delta' && i % 2 === 0) writer.append(hash, 0, tombstone, b(`key-${i}`), none, none)
    else writer.append(hash, 0, put, b(`key-${i}`), none, b(`${kind} ${i} ${'x'.repeat(70)}`))
  }
  return writer
}

async function chainIn(
  objects: Map<string, Buffer>,
): Promise<{ runs: ChainRun[]; storage: ReturnType<typeof memoryStorage> }> {
  const storage = memoryStorage(objects)
  const handles = [
    await saveRun(storage, 'base', runOf(1, 'base')),
    await saveRun(storage, 'low', runOf(7, 'delta', 0, 30_000)),
    await saveRun(storage, 'high', runOf(5, 'delta', 30_000, 65_536)),
  ]
  return { runs: await openChain(storage, handles), storage }
}

/** `meanwhile` is called between slices. */
async function streamed(
  runs: readonly ChainRun[],
  from: number,
  to: number,
  meanwhile?: () => void,
): Promise<string[]> {
  const stream = new ChainStream(runs, from, to, sliceBytes)
  const found: string[] = []
  for (;;) {
    const entry = stream.next()
    if (entry !== undefined) found.push(`${Buffer.from(entry.key)}=${Buffer.from(entry.value)}`)
    else if (stream.waiting === undefined) return found
    else {
      meanwhile?.()
      await stream.waiting
    }
  }
}

it('a chain is the same in slices as at once, whatever ranges are asked for', async () => {
  const objects = new Map<string, Buffer>()
  const { runs } = await chainIn(objects)
  expect(chainSlices(runs, 0, 65_536, sliceBytes).length).toBeGreaterThan(10)
  const whole: ChainRun[] = runs.map((run, i) => {
    const path = ['high', 'low', 'base'][i]
    return { ...run, reader: RunReader.fromBytes(objects.get(path) as Buffer, path) }
  })
  for (const [from, to] of [
    [0, 65_536],
    [20_000, 40_001],
    [29_999, 30_001],
    [17, 18],
  ]) {
    const expected: string[] = []
    for (const entry of mergeRuns(whole, { from, to }))
      expected.push(`${Buffer.from(entry.key)}=${Buffer.from(entry.value)}`)
    expect(expected.length).toBeGreaterThan(0)
    expect((await streamed(runs, from, to)).join()).toBe(expected.join())
  }
})

it('a chain is fetched a few slices ahead and no further', async () => {
  const { runs, storage } = await chainIn(new Map())
  storage.reads.length = 0
  const stream = new ChainStream(runs, 0, 65_536, sliceBytes)
  stream.next()
  await stream.waiting
  const { blocks } = runs[2].reader
  const last = blocks[blocks.length - 1].offset
  expect(storage.reads.length).toBeGreaterThan(0)
  expect(Math.max(...storage.reads.map(([offset, length]) => offset + length))).toBeLessThan(last)
})

it('damage and loss are errors in their turn, also in what was fetched ahead', async () => {
  const objects = new Map<string, Buffer>()
  const { runs } = await chainIn(objects)
  const base = objects.get('base') as Buffer
  const { blocks } = runs[2].reader
  const at = blocks[blocks.length - 3].offset + 5
  base[at] ^= 1
  await expect(streamed(runs, 0, 65_536)).rejects.toThrow(expect.objectContaining({ code: 'CHECKPOINT_ALTERED' }))
  base[at] ^= 1
  let slices = 0
  await expect(
    streamed(runs, 0, 65_536, () => {
      if (++slices === 2) objects.delete('base')
    }),
  ).rejects.toThrow('no base')
})
