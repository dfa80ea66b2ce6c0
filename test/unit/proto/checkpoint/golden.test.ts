/** Snapshots written by released versions stay readable, and what is written today has not changed. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { decodeChannels } from '../../../../proto/checkpoint/channels.ts'
import { decodeManifest } from '../../../../proto/checkpoint/manifest-codec.ts'
import { decodePointer } from '../../../../proto/checkpoint/pointer.ts'
import { RunReader } from '../../../../proto/checkpoint/runs/run.ts'
import {
  baseEntries,
  channels,
  deltaDrops,
  deltaEntries,
  golden,
  largeManifest,
  manifest,
  packedEntries,
  pointer,
} from '../../../golden/checkpoint/contents.ts'

const read = (file: string): Buffer => readFileSync(new URL(`../../../golden/checkpoint/${file}`, import.meta.url))

function entriesOf(reader: RunReader): unknown[] {
  const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString()
  const found: unknown[] = []
  for (const at of reader.ranges())
    found.push([at.hash, at.state, at.kind, text(at.key), text(at.namespace), text(at.value)])
  return found
}

describe('files of released versions', () => {
  it('of sorted runs are read', () => {
    const base = RunReader.fromBytes(read('run-base-zstd.v1.run'), 'golden')
    expect(entriesOf(base)).toEqual(baseEntries)
    expect(base.footer.base).toBe(true)
    const delta = RunReader.fromBytes(read('run-delta-plain.v1.run'), 'golden')
    expect(entriesOf(delta)).toEqual(deltaEntries)
    expect(delta.drops.map((each) => ({ ...each, namespace: Buffer.from(each.namespace).toString() }))).toEqual(
      deltaDrops,
    )
  })

  it('of sorted runs have no packed blocks, and those of version 2 have', () => {
    const codecs = (file: string): string[] => [
      ...new Set(RunReader.fromBytes(read(file), 'golden').blocks.map(({ codec }) => codec)),
    ]
    expect(codecs('run-base-zstd.v1.run')).toEqual(['zstd'])
    expect(codecs('run-delta-plain.v1.run')).toEqual(['plain'])
    expect(codecs('run-delta-packed.v2.run')).toEqual(['packed', 'plain'])
    const packed = RunReader.fromBytes(read('run-delta-packed.v2.run'), 'golden')
    expect(entriesOf(packed)).toEqual(packedEntries)
    expect([packed.footer.packed, packed.drops.length]).toEqual([true, 1])
  })

  it('of manifests and pointers are read', () => {
    expect(decodeManifest(read('manifest.v1'), 'golden')).toEqual(manifest)
    expect(decodeManifest(read('manifest-zstd.v1'), 'golden')).toEqual(largeManifest)
    expect(decodePointer(read('pointer.v1'), 'golden')).toEqual(pointer)
  })

  it('of data in flight are read', () => {
    expect(decodeChannels(read('channels.v1'), 'golden')).toEqual(channels)
  })

  // What a compressor makes of the same bytes may change with its version.
  it.each(golden.filter((each) => !each.compressed).map((each) => [each.file, each.encode] as const))(
    '%s is written the same today',
    (file, encode) => {
      expect(Buffer.from(encode()).equals(read(file))).toBe(true)
    },
  )
})
