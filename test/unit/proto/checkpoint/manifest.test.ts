/** Manifests and pointers: whole round trips, and clear refusals of everything else. */
import { describe, expect, it } from 'vitest'
import { encodeEnvelope, envelopeMagic } from '../../../../proto/checkpoint/envelope.ts'
import { buildManifest, type RunHandle, runPaths } from '../../../../proto/checkpoint/manifest.ts'
import { decodeManifest, encodeManifest } from '../../../../proto/checkpoint/manifest-codec.ts'
import {
  checkpointManifestPath,
  parseCheckpointPath,
  parseRunPath,
  pointerPath,
  runPath,
} from '../../../../proto/checkpoint/paths.ts'
import { decodePointer, encodePointer } from '../../../../proto/checkpoint/pointer.ts'
import { sampleManifest, samplePlan } from './samples.ts'

const run: RunHandle = {
  path: 'job-1/runs/1-1-2-0-0.run',
  bytes: 10,
  entries: 1,
  crc: 7,
  from: 0,
  to: 65536,
  kind: 'base',
}
const code = (name: string) => expect.objectContaining({ code: `CHECKPOINT_${name}` })

describe('a manifest', () => {
  it('comes back as it was, small or compressed', () => {
    for (const count of [1, 200]) {
      const manifest = sampleManifest(
        1,
        Array.from({ length: count }, () => [run]),
      )
      const bytes = encodeManifest(manifest)
      expect(decodeManifest(bytes, 'm')).toEqual(manifest)
      if (count > 1) expect(bytes.length).toBeLessThan(JSON.stringify(manifest).length / 4)
    }
  })

  it('lists what each subtask acknowledged, and each run once', () => {
    const manifest = sampleManifest(1, [[run], [{ ...run, path: '', inline: 'AAAA' }, run]])
    const [source, count, sink] = manifest.operators
    expect(source.subtasks.map((subtask) => subtask.splits?.[0].splitId)).toEqual(['s0', 's1'])
    expect(count.subtasks.map(({ from, to }) => [from, to])).toEqual([
      [0, 32768],
      [32768, 65536],
    ])
    expect(sink.subtasks[1].committables).toEqual(['c1a', 'c1b'])
    expect([...runPaths(manifest)]).toEqual([run.path])
  })

  it('is not built while an acknowledgement is missing', () => {
    const plan = samplePlan(1)
    const input = {
      jobId: 'j',
      checkpointId: 1,
      kind: 'checkpoint' as const,
      epoch: 1,
      timeMs: 0,
      plan,
      acks: new Map(),
    }
    expect(() => buildManifest(input)).toThrow(code('ACK_MISSING'))
  })

  it('that was cut, altered, or is something else, is refused with what to do', () => {
    const bytes = Buffer.from(encodeManifest(sampleManifest(1, [[run]])))
    for (let length = 0; length < bytes.length; length++)
      expect(() => decodeManifest(bytes.subarray(0, length), 'm')).toThrow(code('TRUNCATED'))
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const altered = Buffer.from(bytes)
      altered[bit >> 3] ^= 1 << (bit & 7)
      expect(() => decodeManifest(altered, 'm')).toThrow(
        expect.objectContaining({ code: expect.stringMatching(/^CHECKPOINT_/), hint: expect.any(String) }),
      )
    }
    expect(() => decodeManifest(Buffer.concat([bytes, bytes]), 'm')).toThrow(code('ALTERED'))
    expect(() => decodeManifest(Buffer.from('{"version":1}'), 'm')).toThrow(code('WRONG_MAGIC'))
    expect(() => decodeManifest(encodePointer({ jobId: 'j', epoch: 1, retained: [] }), 'm')).toThrow(
      code('WRONG_MAGIC'),
    )
    expect(() => decodeManifest(encodeEnvelope(envelopeMagic.manifest, 2, {}), 'm')).toThrow(code('NEWER_VERSION'))
  })

  it.each([
    ['no object', [1]],
    ['missing parts', { version: 1 }],
    ['a range upside down', { ...sampleManifest(1, [[{ ...run, from: 2, to: 1 }]]) }],
    ['a run neither inline nor in a file', { ...sampleManifest(1, [[{ ...run, path: '' }]]) }],
    ['a negative size', { ...sampleManifest(1, [[{ ...run, bytes: -1 }]]) }],
    [
      'a subtask too few',
      {
        ...sampleManifest(1, [[run]]),
        operators: sampleManifest(1, [[run]]).operators.map((each) => ({ ...each, parallelism: 2 })),
      },
    ],
    ['in-flight data', { ...sampleManifest(1, [[run]]), channels: [{}] }],
    ['an impossible time', { ...sampleManifest(1, [[run]]), timeMs: 1e300 }],
  ])('with %s is malformed', (_, body) => {
    expect(() => decodeManifest(encodeEnvelope(envelopeMagic.manifest, 1, body), 'm')).toThrow(code('MALFORMED'))
  })

  it('keeps properties that a later version added', () => {
    const body = { ...sampleManifest(1, [[run]]), later: 1 }
    expect(decodeManifest(encodeEnvelope(envelopeMagic.manifest, 1, body), 'm')).toMatchObject({ later: 1 })
  })
})

describe('a pointer', () => {
  it('comes back as it was, and damage is noticed', () => {
    const bytes = encodePointer({ jobId: 'j', epoch: 3, retained: [7, 6] })
    expect(decodePointer(bytes, 'p')).toEqual({ jobId: 'j', epoch: 3, retained: [7, 6] })
    bytes[30] ^= 1
    expect(() => decodePointer(bytes, 'p')).toThrow(code('ALTERED'))
  })
})

describe('paths', () => {
  it('are read back by those who wrote them', () => {
    const name = { epoch: 1, checkpointId: 22, node: 3, subtask: 4, sequence: 5 }
    expect(runPath('job', name)).toBe('job/runs/1-22-3-4-5.run')
    expect(parseRunPath(runPath('job', name))).toEqual(name)
    expect(parseRunPath('runs/1-22-3-4-5.run')).toEqual(name)
    expect(parseRunPath('job/chk-1/manifest')).toBeUndefined()
    expect(parseCheckpointPath(checkpointManifestPath('job', 9))).toEqual({ jobId: 'job', checkpointId: 9 })
    expect(pointerPath('job')).toBe('job/pointer')
    expect(() => pointerPath('../job')).toThrow()
  })
})
