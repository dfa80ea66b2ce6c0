/** What the golden files of snapshot formats hold. Later versions add files. */
import { type ChannelContent, encodeChannels } from '../../../proto/checkpoint/channels.ts'
import type { Manifest } from '../../../proto/checkpoint/manifest.ts'
import { encodeManifest } from '../../../proto/checkpoint/manifest-codec.ts'
import { encodePointer, type Pointer } from '../../../proto/checkpoint/pointer.ts'
import { entryKind, RunWriter } from '../../../proto/checkpoint/runs/run.ts'

const { put, tombstone, drop } = entryKind

export type GoldenEntry = readonly [hash: number, state: number, kind: 0 | 1 | 2, key: string, namespace: string, value: string]

export const baseEntries: readonly GoldenEntry[] = Array.from({ length: 300 }, (_, i) => [
  i * 14_000_000,
  i % 2,
  put,
  `key ${i}`,
  i % 3 === 0 ? 'window' : '',
  `value of ${i}`.repeat(1 + (i % 4)),
])

/** Alike, one after the other: their blocks are packed. */
export const packedEntries: readonly GoldenEntry[] = Array.from({ length: 200 }, (_, i) => [
  i * 20_000_000,
  i % 50 === 49 ? 1 : 0,
  i % 60 === 59 ? tombstone : put,
  `key ${i + 1}`,
  i % 40 === 39 ? 'window' : '',
  i % 60 === 59 ? '' : `${i * i}`.padStart(16 + (i % 70 === 69 ? 5 : 0), '0'),
])

export const deltaEntries: readonly GoldenEntry[] = [
  [0, 0, put, '', '', ''],
  [0, 0, put, 'a', '', 'new'],
  [65536, 0, tombstone, 'a', 'w', ''],
  [65536, 0, put, 'a', 'w1', 'x'.repeat(300)],
  [65536, 65535, drop, 'a', 'w', ''],
  [65536, 65535, put, 'a', 'w', 'after the drop'],
  [4294967295, 1, put, 'ä', '\u{1f30a}', 'last'],
]

export const deltaDrops = [{ state: 1, namespace: 'window' }]

export const manifest: Manifest = {
  version: 1,
  jobId: 'job-1',
  jobName: 'golden',
  checkpointId: 12,
  kind: 'checkpoint',
  epoch: 3,
  timeMs: 1_763_700_000_000,
  plan: {
    version: 1,
    name: 'golden',
    hash: 'c0ffee',
    vertices: [
      {
        id: 0,
        name: 'source -> count',
        parallelism: 2,
        operators: [
          { node: 1, uid: 'src', name: 'source', kind: 'source', state: [], onError: 'fail' },
          {
            node: 2,
            uid: 'count',
            name: 'count',
            kind: 'process',
            input: { operator: 0, output: '' },
            state: [{ name: 'n', kind: 'value', keyed: true, type: { name: 'n', type: { kind: 'float64' }, nullable: true } }],
            onError: 'skip',
          },
        ],
      },
    ],
    edges: [],
    options: { 'execution.checkpointing.interval': '1s' },
  },
  operators: [
    {
      uid: 'src',
      node: 1,
      name: 'source',
      kind: 'source',
      vertex: 0,
      parallelism: 2,
      state: [],
      subtasks: [
        { from: 0, to: 32768, runs: [], splits: [{ splitId: 'a', offset: { line: 7 } }, { splitId: 'b', offset: null, finished: true }] },
        { from: 32768, to: 65536, runs: [], finished: true },
      ],
    },
    {
      uid: 'count',
      node: 2,
      name: 'count',
      kind: 'process',
      vertex: 0,
      parallelism: 2,
      state: [{ name: 'n', kind: 'value', keyed: true, type: { name: 'n', type: { kind: 'float64' }, nullable: true } }],
      subtasks: [
        {
          from: 0,
          to: 32768,
          runs: [
            { path: 'job-1/runs/2-8-2-0-0.run', bytes: 4096, entries: 100, crc: 4_000_000_000, from: 0, to: 32768, kind: 'base' },
            { path: '', bytes: 80, entries: 0, crc: 1, from: 0, to: 32768, kind: 'delta', inline: 'TVJVTgEA' },
          ],
        },
        { from: 32768, to: 65536, runs: [], operatorState: ['x', 1], committables: [{ file: 'part-0' }] },
      ],
    },
  ],
  channels: [],
}

/** More than 4 KB of JSON, so that it is compressed. */
export const largeManifest: Manifest = { ...manifest, jobName: 'golden, large '.repeat(400) }

export const pointer: Pointer = { jobId: 'job-1', epoch: 3, retained: [12, 11, 9] }

export const channels: readonly ChannelContent[] = [
  {
    edge: 2,
    from: 1,
    producers: 3,
    generation: 0,
    parts: [{ subtask: 1, parallelism: 2 }],
    watermarkMs: 1_700_000_000_000,
    idle: false,
    frames: [
      { kind: 'batch', body: Buffer.from('a batch of columns') },
      { kind: 'watermark', timestampMs: 1_700_000_001_000 },
      { kind: 'idle', idle: true },
      { kind: 'batch', body: Buffer.from('another') },
    ],
  },
  {
    edge: 3,
    from: 0,
    producers: 1,
    generation: 1,
    parts: [],
    watermarkMs: Number.NEGATIVE_INFINITY,
    idle: true,
    frames: [{ kind: 'watermark', timestampMs: Number.POSITIVE_INFINITY }],
  },
]

export const golden: readonly { readonly file: string; readonly encode: () => Uint8Array; readonly compressed: boolean }[] = [
  { file: 'run-base-zstd.v1.run', encode: () => run(baseEntries, 'small', []), compressed: true },
  { file: 'run-delta-plain.v1.run', encode: () => run(deltaEntries, 'none', deltaDrops), compressed: false },
  { file: 'run-delta-packed.v2.run', encode: () => run(packedEntries, 'small', [{ state: 1, namespace: 'gone' }]), compressed: false },
  { file: 'manifest.v1', encode: () => encodeManifest(manifest), compressed: false },
  { file: 'manifest-zstd.v1', encode: () => encodeManifest(largeManifest), compressed: true },
  { file: 'channels.v1', encode: () => Buffer.concat(encodeChannels(channels)), compressed: false },
  { file: 'pointer.v1', encode: () => encodePointer(pointer), compressed: false },
]

function run(entries: readonly GoldenEntry[], compression: 'small' | 'none', drops: readonly { state: number; namespace: string }[]): Uint8Array {
  const writer = new RunWriter({ from: 0, to: 65536, kind: drops.length === 0 ? 'base' : 'delta', blockBytes: 512, compression })
  for (const each of drops) writer.dropNamespace(each.state, Buffer.from(each.namespace))
  for (const [hash, state, kind, key, namespace, value] of entries) {
    writer.append(hash, state, kind, Buffer.from(key), Buffer.from(namespace), Buffer.from(value))
  }
  writer.finish()
  return Buffer.concat(writer.take())
}
