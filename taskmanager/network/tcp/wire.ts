/**
 * Bytes on a data connection between the slots of two TaskManagers. Little-endian. The consumer's slot connects, says who
 * it is and which channels it wants; the producer's slot answers; then frames go one way and credits the other.
 *
 *   hello    'MRDX' | version u16 | bytes of the rest u16 | attempt u32 | epoch f64 | job u16 + UTF-8 | channels u16 | each: edge u32, from u32, to u32, credit u32
 *   answer   'MRDA' | 0 accepted, 1 refused u16 | reason u16 + UTF-8
 *   frame    body bytes u32 | kind u8, 3 zero | channel u32 | sequence u32 | detail u32 | zero u32 | value f64 | body
 *   credit   channel u32 | batches u32
 *
 * Either side that has said nothing for a while sends a ping, so that the other one knows of it: a frame of kind 6, which has no
 * sequence and belongs to no channel, or a credit of 0 batches.
 *
 * `channel` is the index in the hello. The body of a batch frame is a segment as it stands (core/columns/layout.ts); other
 * kinds have none. Sequences count the frames of a channel from 0, modulo 2^32.
 */
import { networkErrors } from '../errors.ts'
import { frameKind } from '../frame.ts'

/** 2: with pings. */
export const wireVersion = 2
export const helloMagic = 0x5844524d
export const answerMagic = 0x4144524d
export const helloHeadBytes = 8
export const answerHeadBytes = 8
export const frameHeadBytes = 32
export const creditBytes = 8
export const pingKind = 6
/** Of a hello behind its head. */
export const helloBytesMax = 65535

export interface WireChannel {
  readonly edge: number
  readonly from: number
  readonly to: number
  /** Batches that the consumer takes before it has given credit again. */
  readonly credit: number
}

export interface Hello {
  readonly version: number
  readonly jobId: string
  readonly attempt: number
  readonly epoch: number
  readonly channels: readonly WireChannel[]
}

export interface FrameHead {
  readonly bodyBytes: number
  readonly kind: number
  readonly channel: number
  readonly sequence: number
  readonly detail: number
  readonly value: number
}

const bad = (reason: string): Error => networkErrors.create('BAD_FRAME', { reason })

export function encodeHello(hello: Hello): Buffer {
  const job = Buffer.from(hello.jobId)
  const rest = 4 + 8 + 2 + job.length + 2 + hello.channels.length * 16
  if (rest > helloBytesMax) throw bad(`${hello.channels.length} channels do not fit into one connection`)
  const bytes = Buffer.alloc(helloHeadBytes + rest)
  bytes.writeUInt32LE(helloMagic, 0)
  bytes.writeUInt16LE(hello.version, 4)
  bytes.writeUInt16LE(rest, 6)
  bytes.writeUInt32LE(hello.attempt, 8)
  bytes.writeDoubleLE(hello.epoch, 12)
  bytes.writeUInt16LE(job.length, 20)
  job.copy(bytes, 22)
  let at = 22 + job.length
  at = bytes.writeUInt16LE(hello.channels.length, at)
  for (const { edge, from, to, credit } of hello.channels)
    for (const number of [edge, from, to, credit]) at = bytes.writeUInt32LE(number, at)
  return bytes
}

/** Bytes of the whole hello, once its head is there. Throws NETWORK_BAD_FRAME. */
export function helloLength(head: Buffer): number {
  if (head.readUInt32LE(0) !== helloMagic) throw bad('it does not begin as one of Millrace')
  return helloHeadBytes + head.readUInt16LE(6)
}

/** Throws NETWORK_BAD_FRAME for anything that is not a whole hello. */
export function decodeHello(bytes: Buffer): Hello {
  if (bytes.length < helloHeadBytes + 16 || helloLength(bytes) !== bytes.length) throw bad('the greeting is cut off')
  const version = bytes.readUInt16LE(4)
  const jobEnd = 22 + bytes.readUInt16LE(20)
  if (jobEnd + 2 > bytes.length) throw bad('the greeting names a job that is not there')
  const count = bytes.readUInt16LE(jobEnd)
  if (jobEnd + 2 + count * 16 !== bytes.length) throw bad(`the greeting has another length than ${count} channels`)
  const channels = Array.from({ length: count }, (_, i): WireChannel => {
    const at = jobEnd + 2 + i * 16
    return {
      edge: bytes.readUInt32LE(at),
      from: bytes.readUInt32LE(at + 4),
      to: bytes.readUInt32LE(at + 8),
      credit: bytes.readUInt32LE(at + 12),
    }
  })
  return {
    version,
    jobId: bytes.toString('utf8', 22, jobEnd),
    attempt: bytes.readUInt32LE(8),
    epoch: bytes.readDoubleLE(12),
    channels,
  }
}

/** `refusal` undefined: accepted. */
export function encodeAnswer(refusal: string | undefined): Buffer {
  const reason = Buffer.from(refusal ?? '').subarray(0, 1000)
  const bytes = Buffer.alloc(answerHeadBytes + reason.length)
  bytes.writeUInt32LE(answerMagic, 0)
  bytes.writeUInt16LE(refusal === undefined ? 0 : 1, 4)
  bytes.writeUInt16LE(reason.length, 6)
  reason.copy(bytes, answerHeadBytes)
  return bytes
}

export function answerLength(head: Buffer): number {
  if (head.readUInt32LE(0) !== answerMagic) throw bad('the answer is not one of Millrace')
  return answerHeadBytes + head.readUInt16LE(6)
}

/** The reason of a refusal, or undefined: accepted. */
export function decodeAnswer(bytes: Buffer): string | undefined {
  if (bytes.length < answerHeadBytes || answerLength(bytes) !== bytes.length) throw bad('the answer is cut off')
  return bytes.readUInt16LE(4) === 0 ? undefined : bytes.toString('utf8', answerHeadBytes)
}

export function encodeFrameHead(frame: FrameHead): Buffer {
  const head = Buffer.alloc(frameHeadBytes)
  head.writeUInt32LE(frame.bodyBytes, 0)
  head.writeUInt8(frame.kind, 4)
  head.writeUInt32LE(frame.channel, 8)
  head.writeUInt32LE(frame.sequence >>> 0, 12)
  head.writeUInt32LE(frame.detail, 16)
  head.writeDoubleLE(frame.value, 24)
  return head
}

/** Throws NETWORK_BAD_FRAME when it cannot be one of `channels` channels with a body of at most `bodyMax` bytes. */
export function decodeFrameHead(bytes: Buffer, channels: number, bodyMax: number): FrameHead {
  if (bytes.length < frameHeadBytes) throw bad('a frame is cut off')
  const frame: FrameHead = {
    bodyBytes: bytes.readUInt32LE(0),
    kind: bytes.readUInt8(4),
    channel: bytes.readUInt32LE(8),
    sequence: bytes.readUInt32LE(12),
    detail: bytes.readUInt32LE(16),
    value: bytes.readDoubleLE(24),
  }
  if (frame.kind < frameKind.batch || frame.kind > pingKind) throw bad(`there is no frame of kind ${frame.kind}`)
  if (frame.channel >= channels) throw bad(`there is no channel ${frame.channel}`)
  if (frame.kind === frameKind.batch ? frame.bodyBytes === 0 || frame.bodyBytes > bodyMax : frame.bodyBytes !== 0) {
    throw bad(`a frame of kind ${frame.kind} cannot have ${frame.bodyBytes} bytes`)
  }
  return frame
}

/** What a producer says that has nothing to say. */
export const pingFrame = encodeFrameHead({ bodyBytes: 0, kind: pingKind, channel: 0, sequence: 0, detail: 0, value: 0 })

export function encodeCredit(channel: number, batches: number): Buffer {
  const bytes = Buffer.alloc(creditBytes)
  bytes.writeUInt32LE(channel, 0)
  bytes.writeUInt32LE(batches, 4)
  return bytes
}

/** What a consumer says that has nothing to say. */
export const pingCredit = encodeCredit(0, 0)

export function decodeCredit(bytes: Buffer, channels: number, creditMax: number): { channel: number; batches: number } {
  const channel = bytes.readUInt32LE(0)
  const batches = bytes.readUInt32LE(4)
  if (channel >= channels || batches > creditMax) throw bad(`a credit of ${batches} for channel ${channel}`)
  return { channel, batches }
}
