/**
 * Data in flight in a snapshot: what a barrier has overtaken on the input channels of one subtask, frame by frame as it
 * would have been taken. One file per subtask and checkpoint (FORMATS.md, channel file); a small one stands in its handle.
 *
 *   0  u32  magic "MRCH"
 *   4  u16  version, u16 reserved
 *   8  u32  bytes of the JSON that describes the channels
 *   12 u32  CRC32C of bytes 0 to 11 and the JSON
 *   16 JSON, then the bodies of the batches in the order in which the JSON names them, each with its CRC32C there
 *
 * Promises: decoding reads no byte outside of those given, and every flaw is a coded error.
 */
import { crc32c } from '../../core/bytes/crc32c.ts'
import { openStorage } from '../../core/storage/open-storage.ts'
import { errors } from './errors.ts'

/** What of one subtask's input was in flight. */
export interface ChannelsHandle {
  readonly vertex: number
  readonly subtask: number
  /** Relative to the root of the storage; empty when the file stands in `inline`. */
  readonly path: string
  /** Bytes of the whole file. */
  readonly bytes: number
  /** CRC32C of the whole file. */
  readonly crc: number
  /** The file in base64. */
  readonly inline?: string | undefined
}

export type ChannelFrame =
  | { readonly kind: 'batch'; readonly body: Uint8Array }
  /** Epoch ms; Infinity: the end of event time. */
  | { readonly kind: 'watermark'; readonly timestampMs: number }
  | { readonly kind: 'idle'; readonly idle: boolean }

/** A subtask of its vertex, of so many. */
export interface ChannelPart {
  readonly subtask: number
  readonly parallelism: number
}

/** One channel at the time of the snapshot: where its time stood, and the frames behind that. */
export interface ChannelContent {
  /** Number of the edge in the plan of the snapshot. */
  readonly edge: number
  /** Producer subtask, of how many. */
  readonly from: number
  readonly producers: number
  /** What was in flight already when its subtask was restored comes before what came later: 0, 1, and so on. */
  readonly generation: number
  /**
   * On a keyed or custom edge, subtasks that the records were left to when they were restored before: only those count that
   * belong to all of them.
   */
  readonly parts: readonly ChannelPart[]
  /** Newest watermark that was taken; -Infinity: none. */
  readonly watermarkMs: number
  readonly idle: boolean
  readonly frames: readonly ChannelFrame[]
}

/** A file up to this size becomes part of its handle. */
export const channelsInlineMax = 4096

const magic = 0x4843524d
const version = 1
const headBytes = 16
const channelsMax = 1 << 20

interface FrameJson {
  readonly b?: readonly [bytes: number, crc: number]
  readonly w?: TimeJson
  readonly i?: boolean
}
type TimeJson = number | 'start' | 'end'
interface ChannelJson {
  readonly edge: number
  readonly from: number
  readonly producers: number
  readonly generation: number
  readonly parts: readonly ChannelPart[]
  readonly watermark: TimeJson
  readonly idle: boolean
  readonly frames: readonly FrameJson[]
}

const timeJson = (ms: number): TimeJson => (Number.isFinite(ms) ? ms : ms > 0 ? 'end' : 'start')
const timeOf = (json: TimeJson): number =>
  json === 'end' ? Number.POSITIVE_INFINITY : json === 'start' ? Number.NEGATIVE_INFINITY : json

/** The file as pieces that are written one after the other; bodies are not copied. */
export function encodeChannels(channels: readonly ChannelContent[]): Uint8Array[] {
  const bodies: Uint8Array[] = []
  const frameJson = (frame: ChannelFrame): FrameJson => {
    if (frame.kind === 'watermark') return { w: timeJson(frame.timestampMs) }
    if (frame.kind === 'idle') return { i: frame.idle }
    bodies.push(frame.body)
    return { b: [frame.body.length, crc32c(frame.body)] }
  }
  const json = Buffer.from(
    JSON.stringify(
      channels.map(
        ({ edge, from, producers, generation, parts, watermarkMs, idle, frames }): ChannelJson => ({
          edge,
          from,
          producers,
          generation,
          parts,
          watermark: timeJson(watermarkMs),
          idle,
          frames: frames.map(frameJson),
        }),
      ),
    ),
  )
  const head = Buffer.alloc(headBytes)
  head.writeUInt32LE(magic, 0)
  head.writeUInt16LE(version, 4)
  head.writeUInt32LE(json.length, 8)
  head.writeUInt32LE(crc32c(json, crc32c(head.subarray(0, 12))), 12)
  return [Buffer.concat([head, json]), ...bodies]
}

/** CRC32C of a file in pieces. */
export const channelsCrc = (pieces: readonly Uint8Array[]): number =>
  pieces.reduce((crc, piece) => crc32c(piece, crc), 0)

/** Reads the file of a handle. Throws CHECKPOINT_* and STORAGE_* errors. */
export async function readChannels(root: string, handle: ChannelsHandle): Promise<ChannelContent[]> {
  const { path, inline, bytes, crc } = handle
  const what = `data in flight of subtask ${handle.vertex}/${handle.subtask}`
  const where = inline === undefined ? `${root}/${path}` : what
  const file = inline === undefined ? await openStorage(root).get(path) : Buffer.from(inline, 'base64')
  if (file.length < bytes) throw errors.create('TRUNCATED', { where, reason: `${file.length} of ${bytes} bytes` })
  if (file.length !== bytes || crc32c(file) !== crc)
    throw errors.create('ALTERED', { where, reason: 'it is not the file that the snapshot names' })
  return decodeChannels(file, where)
}

/** `where` names the file in errors. Bodies are views of `bytes`. Throws CHECKPOINT_* errors. */
export function decodeChannels(bytes: Uint8Array, where: string): ChannelContent[] {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const truncated = (reason: string): Error => errors.create('TRUNCATED', { where, reason })
  const malformed = (reason: string): Error => errors.create('MALFORMED', { where, reason })
  if (file.length < headBytes) throw truncated(`${file.length} bytes, header has ${headBytes}`)
  if (file.readUInt32LE(0) !== magic) throw errors.create('WRONG_MAGIC', { where, expected: 'file of data in flight' })
  if (file.readUInt16LE(4) > version)
    throw errors.create('NEWER_VERSION', { where, version: file.readUInt16LE(4), supported: version })
  let at = headBytes + file.readUInt32LE(8)
  if (at > file.length) throw truncated(`${file.length} of at least ${at} bytes`)
  const json = file.subarray(headBytes, at)
  if (crc32c(json, crc32c(file.subarray(0, 12))) !== file.readUInt32LE(12))
    throw errors.create('ALTERED', { where, reason: 'the checksum of its head does not match' })
  const body = ([length, crc]: readonly [number, number]): Uint8Array => {
    const end = at + length
    if (!Number.isSafeInteger(end) || length < 0) throw malformed('a batch has no length')
    if (end > file.length) throw truncated(`${file.length} of at least ${end} bytes`)
    const view = file.subarray(at, end)
    if (crc32c(view) !== crc)
      throw errors.create('ALTERED', { where, reason: `the checksum of the batch at byte ${at} does not match` })
    at = end
    return view
  }
  const frame = ({ b, w, i }: FrameJson): ChannelFrame => {
    if (b !== undefined) return { kind: 'batch', body: body(b) }
    return w !== undefined ? { kind: 'watermark', timestampMs: timeOf(w) } : { kind: 'idle', idle: i === true }
  }
  let channels: ChannelContent[]
  try {
    const described = JSON.parse(json.toString('utf8')) as ChannelJson[]
    if (described.length > channelsMax) throw malformed(`${described.length} channels`)
    channels = described.map(({ edge, from, producers, generation, parts, watermark, idle, frames }) => ({
      edge,
      from,
      producers,
      generation,
      parts,
      watermarkMs: timeOf(watermark),
      idle,
      frames: frames.map(frame),
    }))
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof TypeError)
      throw errors.create('MALFORMED', { where, reason: cause.message }, { cause })
    throw cause
  }
  if (at !== file.length) throw errors.create('ALTERED', { where, reason: `${file.length - at} bytes follow its end` })
  return channels
}
