/**
 * How many bytes an LZ4 frame opens to, without opening it, so that a small frame cannot take much memory. Counts at most
 * to a limit. Does not prove that the frame is sound: that is for whoever opens it. Pure.
 */

const magic = 0x184d2204
const flags = { dictionary: 0x01, contentChecksum: 0x04, contentSize: 0x08, blockChecksum: 0x10 } as const

/** An upper bound, mostly exact, of the bytes that the frames in `bytes` open to; more than `limitBytes` for too many, undefined for what is no frame. */
export function lz4FrameBytes(bytes: Buffer, limitBytes: number): number | undefined {
  let at = 0
  let total = 0
  while (at < bytes.length) {
    if (bytes.length - at < 7 || bytes.readUInt32LE(at) !== magic) return undefined
    const flag = bytes[at + 4]
    const blockBytesMax = 1 << (8 + 2 * ((bytes[at + 5] >> 4) & 7))
    at += 6
    if (flag & flags.contentSize) at += 8
    if (flag & flags.dictionary) at += 4
    at += 1
    for (;;) {
      if (bytes.length - at < 4) return undefined
      const head = bytes.readUInt32LE(at)
      at += 4
      if (head === 0) break
      const size = head & 0x7fff_ffff
      if (size > bytes.length - at) return undefined
      if (head >= 0x8000_0000) total += size
      else total += blockBytes(bytes, at, at + size, Math.min(blockBytesMax, limitBytes + 1))
      if (total > limitBytes) return total
      at += size
      if (flag & flags.blockChecksum) at += 4
    }
    if (flag & flags.contentChecksum) at += 4
  }
  return total
}

/** A block is a chain of literals and copies; their lengths are all that is read. */
function blockBytes(bytes: Buffer, from: number, end: number, most: number): number {
  // The cheap bound suffices for ordinary blocks: one byte can stand for 255 at most.
  if ((end - from) * 255 <= 4096) return (end - from) * 255
  let total = 0
  let at = from
  while (at < end && total <= most) {
    const token = bytes[at++]
    let literals = token >> 4
    if (literals === 15) {
      let more = 255
      while (more === 255 && at < end) {
        more = bytes[at++]
        literals += more
      }
    }
    at += literals + 2
    total += literals
    // The last sequence has no copy.
    if (at > end) break
    let copied = (token & 15) + 4
    if (copied === 19) {
      let more = 255
      while (more === 255 && at < end) {
        more = bytes[at++]
        copied += more
      }
    }
    total += copied
  }
  return total
}
