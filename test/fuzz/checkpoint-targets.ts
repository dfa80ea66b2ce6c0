/** Decoders of snapshot files. */
import { assert } from '../../core/assert.ts'
import { crc32c } from '../../core/bytes/crc32c.ts'
import { decodeChannels, encodeChannels } from '../../proto/checkpoint/channels.ts'
import { decodeManifest, encodeManifest } from '../../proto/checkpoint/manifest-codec.ts'
import { decodePointer, encodePointer } from '../../proto/checkpoint/pointer.ts'
import { entryKind, RunReader, RunWriter } from '../../proto/checkpoint/runs/run.ts'
import { footerBytes, indexEntryBytes } from '../../proto/checkpoint/runs/run-format.ts'
import { sampleManifest } from '../unit/proto/checkpoint/samples.ts'
import type { FuzzTarget } from './harness.ts'

const codes = ['CHECKPOINT_']

export const checkpointTargets: readonly FuzzTarget[] = [
  {
    name: 'sorted run',
    codes,
    seeds: () => [smallRun('none'), smallRun('small'), packedRun(), emptyRun()],
    decode: (bytes) => {
      const reader = RunReader.fromBytes(bytes, 'fuzzed run')
      let sum = reader.drops.length
      for (const [from, to] of [
        [0, 65536],
        [1, 2],
        [65535, 65536],
      ] as const) {
        for (const at of reader.ranges(from, to)) sum += at.key.length + at.namespace.length + at.value.length
      }
      return sum
    },
    reseal: resealRun,
  },
  {
    name: 'manifest',
    codes,
    seeds: () => [
      encodeManifest(sampleManifest(3, [[handle]])),
      encodeManifest(
        sampleManifest(
          4,
          Array.from({ length: 40 }, () => [handle, { ...handle, path: '', inline: 'AAAA' }]),
        ),
      ),
    ],
    decode: (bytes) => decodeManifest(bytes, 'fuzzed manifest'),
    reseal: resealEnvelope,
  },
  {
    name: 'data in flight',
    codes,
    seeds: () => [
      Buffer.concat(encodeChannels([])),
      Buffer.concat(
        encodeChannels([
          {
            edge: 1,
            from: 0,
            producers: 2,
            generation: 0,
            parts: [{ subtask: 0, parallelism: 2 }],
            watermarkMs: 5,
            idle: false,
            frames: [
              { kind: 'batch', body: Buffer.from('a batch') },
              { kind: 'watermark', timestampMs: 7 },
              { kind: 'idle', idle: true },
              { kind: 'batch', body: Buffer.alloc(40) },
            ],
          },
        ]),
      ),
    ],
    decode: (bytes) => decodeChannels(bytes, 'fuzzed file'),
    reseal: resealChannels,
  },
  {
    name: 'checkpoint pointer',
    codes,
    seeds: () => [
      encodePointer({ jobId: 'job', epoch: 2, retained: [9, 8, 7] }),
      encodePointer({ jobId: 'job', epoch: 1, retained: [] }),
    ],
    decode: (bytes) => decodePointer(bytes, 'fuzzed pointer'),
    reseal: resealEnvelope,
  },
]

const handle = {
  path: 'job/runs/1-1-2-0-0.run',
  bytes: 10,
  entries: 1,
  crc: 7,
  from: 0,
  to: 65536,
  kind: 'base',
} as const

function smallRun(compression: 'small' | 'none'): Uint8Array {
  const writer = new RunWriter({ from: 0, to: 65536, kind: 'delta', blockBytes: 700, compression })
  writer.dropNamespace(2, Buffer.from('window'))
  for (let i = 0; i < 60; i++) {
    const kind = i % 7 === 0 ? entryKind.tombstone : i % 11 === 0 ? entryKind.drop : entryKind.put
    writer.append(
      i * 70_000_000,
      i % 3,
      kind,
      Buffer.from(`key ${i}`),
      Buffer.from('w'.repeat(i % 5)),
      Buffer.alloc(i * 3, 'value '),
    )
  }
  writer.finish()
  return Buffer.concat(writer.take())
}

function packedRun(): Uint8Array {
  const writer = new RunWriter({ from: 0, to: 65536, kind: 'base', blockBytes: 700 })
  for (let i = 0; i < 60; i++)
    writer.append(
      i * 70_000_000,
      0,
      entryKind.put,
      Buffer.of(102, i),
      Buffer.alloc(0),
      Buffer.from(Float64Array.of(i, i * i, 0.5).buffer),
    )
  writer.finish()
  const bytes = Buffer.concat(writer.take())
  assert(RunReader.fromBytes(bytes, 'seed').footer.packed, 'blocks of numbers are packed')
  return bytes
}

function emptyRun(): Uint8Array {
  const writer = new RunWriter({ from: 0, to: 65536, kind: 'base' })
  writer.finish()
  return Buffer.concat(writer.take())
}

function resealChannels(bytes: Uint8Array): Uint8Array {
  const file = Buffer.from(bytes)
  if (file.length < 16) return file
  const json = file.subarray(16, 16 + Math.min(file.readUInt32LE(8), file.length - 16))
  file.writeUInt32LE(crc32c(json, crc32c(file.subarray(0, 12))), 12)
  return file
}

function resealEnvelope(bytes: Uint8Array): Uint8Array {
  const file = Buffer.from(bytes)
  if (file.length < 24) return file
  file.writeUInt32LE(file.length - 24, 8)
  file.writeUInt32LE(crc32c(file.subarray(24), crc32c(file.subarray(0, 20))), 20)
  return file
}

/** Checksums of blocks, drops, index and footer, for whatever the footer and the index say now. */
function resealRun(bytes: Uint8Array): Uint8Array {
  const file = Buffer.from(bytes)
  const footer = file.length - footerBytes
  if (footer < 0) return file
  const blocks = file.readUInt32LE(footer + 16)
  const index = footer - blocks * indexEntryBytes
  const drops = index - file.readUInt32LE(footer + 20)
  if (index < 0 || drops < 0) return file
  for (let at = index; at < footer; at += indexEntryBytes) {
    const offset = Number(file.readBigUInt64LE(at))
    file.writeUInt32LE(crc32c(file.subarray(offset, offset + file.readUInt32LE(at + 8))), at + 24)
  }
  file.writeBigUInt64LE(BigInt(index), footer + 8)
  file.writeUInt32LE(crc32c(file.subarray(index, footer)), footer + 44)
  file.writeUInt32LE(crc32c(file.subarray(drops, index)), footer + 48)
  file.writeUInt32LE(crc32c(file.subarray(footer, footer + 60)), footer + 60)
  return file
}
