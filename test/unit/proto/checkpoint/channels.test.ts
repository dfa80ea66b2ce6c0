import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { isMillraceError } from '../../../../core/errors.ts'
import { openStorage } from '../../../../core/storage/open-storage.ts'
import {
  type ChannelContent,
  type ChannelFrame,
  channelsCrc,
  decodeChannels,
  encodeChannels,
  readChannels,
} from '../../../../proto/checkpoint/channels.ts'
import type { Manifest } from '../../../../proto/checkpoint/manifest.ts'
import { assignChannels, checkChannels, takesOver } from '../../../../proto/checkpoint/restore-channels.ts'
import { sampleManifest, samplePlan } from './samples.ts'

let directory = ''
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-channels-'))
})
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const time = fc.oneof(
  fc.integer({ min: -8e12, max: 8e12 }),
  fc.constantFrom(Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
)
const frame: fc.Arbitrary<ChannelFrame> = fc.oneof(
  fc.record({ kind: fc.constant('batch' as const), body: fc.uint8Array({ maxLength: 200 }) }),
  fc.record({ kind: fc.constant('watermark' as const), timestampMs: time }),
  fc.record({ kind: fc.constant('idle' as const), idle: fc.boolean() }),
)
const small = fc.nat({ max: 9 })
const channel: fc.Arbitrary<ChannelContent> = fc.record({
  edge: small,
  from: small,
  producers: small,
  generation: small,
  parts: fc.array(fc.record({ subtask: small, parallelism: small }), { maxLength: 3 }),
  watermarkMs: time,
  idle: fc.boolean(),
  frames: fc.array(frame, { maxLength: 8 }),
})
const plain = (channels: readonly ChannelContent[]): unknown =>
  channels.map((each) => ({
    ...each,
    parts: each.parts.map((part) => ({ ...part })),
    frames: each.frames.map((one) => (one.kind === 'batch' ? { ...one, body: [...one.body] } : { ...one })),
  }))
const encode = (channels: readonly ChannelContent[]): Buffer => Buffer.concat(encodeChannels(channels))

describe('a file of data in flight', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.array(channel, { maxLength: 5 }), (channels) => {
        expect(plain(decodeChannels(encode(channels), 'a file'))).toEqual(plain(channels))
      }),
    )
  })

  it('is refused when any byte was changed, or any are missing or too many', () => {
    const file = encode(fc.sample(fc.array(channel, { minLength: 2, maxLength: 2 }), { numRuns: 1, seed: 7 })[0] ?? [])
    for (let at = 0; at < file.length; at++) {
      // Two reserved bytes are covered by the checksum of the head like the rest of it.
      const altered = Buffer.from(file)
      altered[at] ^= 1 << (at & 7)
      expect(() => decodeChannels(altered, 'a file'), `byte ${at}`).toThrow()
      let found: unknown
      try {
        decodeChannels(file.subarray(0, at), 'a file')
      } catch (error) {
        found = error
      }
      expect(isMillraceError(found) && found.code, `cut at ${at}`).toMatch(/^CHECKPOINT_/)
    }
    expect(() => decodeChannels(Buffer.concat([file, Buffer.of(0)]), 'a file')).toThrow('follow its end')
  })

  it('is checked against its handle', async () => {
    const pieces = encodeChannels([])
    const file = Buffer.concat(pieces)
    const handle = { vertex: 1, subtask: 0, path: 'x.channels', bytes: file.length, crc: channelsCrc(pieces) }
    await openStorage(directory).put('x.channels', file)
    expect(await readChannels(directory, handle)).toEqual([])
    await expect(readChannels(directory, { ...handle, crc: handle.crc ^ 1 })).rejects.toThrow('not the file')
    await expect(readChannels(directory, { ...handle, bytes: file.length + 1 })).rejects.toThrow('is cut short')
    await expect(readChannels(directory, { ...handle, path: 'gone.channels' })).rejects.toThrow()
  })
})

const withChannels = (parallelism: number, subtasks: readonly number[]): Manifest => ({
  ...sampleManifest(
    1,
    Array.from({ length: parallelism }, () => []),
  ),
  plan: samplePlan(parallelism),
  channels: subtasks.map((subtask) => ({ vertex: 1, subtask, path: '', inline: '', bytes: 0, crc: 0 })),
})

describe('records in flight', () => {
  it('of a keyed edge go to those who own some of their keys, of others to one subtask each', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), (was, now) => {
        const all = Array.from({ length: now }, (_, i) => i)
        for (let old = 0; old < was; old++) {
          expect(all.filter((each) => takesOver('rebalance', old, was, each, now))).toHaveLength(1)
          expect(all.filter((each) => takesOver('forward', old, was, each, now))).toHaveLength(1)
          expect(all.some((each) => takesOver('hash', old, was, each, now))).toBe(true)
        }
        // A broadcast goes on for each subtask where one stood before.
        for (const each of all) {
          const sources = Array.from({ length: was }, (_, old) => old).filter((old) =>
            takesOver('broadcast', old, was, each, now),
          )
          expect(sources).toHaveLength(1)
        }
      }),
    )
  })

  it('are assigned by the edge as it is now', () => {
    const found = assignChannels(withChannels(2, [0, 1]), samplePlan(4), 1, 3, 'file:///root')
    expect(found.map(({ handle, parallelism, edges }) => [handle.subtask, parallelism, edges])).toEqual([
      [1, 2, [{ was: 0, now: 0 }]],
    ])
    expect(assignChannels(withChannels(2, []), samplePlan(4), 1, 3, 'file:///root')).toEqual([])
  })

  it('are refused where the job does not exchange them like that any more', () => {
    const plan = samplePlan(2)
    const other = { ...plan, edges: plan.edges.map((edge) => ({ ...edge, partitioner: 'rebalance' as const })) }
    for (const check of [
      () => assignChannels(withChannels(2, [0]), other, 1, 0, 'file:///root'),
      () => checkChannels(withChannels(2, [0]), other),
    ])
      expect(check).toThrow('records in flight from source to count')
    expect(() => checkChannels(withChannels(2, []), other)).not.toThrow()
  })
})
