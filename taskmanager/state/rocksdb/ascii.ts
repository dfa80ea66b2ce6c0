/**
 * Bytes as text of seven bits a character, and back. What RocksDB has comes out of its library as an ArrayBuffer for each value,
 * which takes longer than to find it, or as text, which does not: values are kept as text. Pure.
 */

/** How many characters stand for so many bytes. */
export const asciiLength = (bytes: number): number => Math.ceil((bytes * 8) / 7)

/** How many bytes so many characters stand for. */
export const bytesOfAscii = (characters: number): number => Math.floor((characters * 7) / 8)

/** Writes the characters of `bytes` into `out`, from its beginning; returns how many. */
export function toAscii(bytes: Uint8Array, out: Uint8Array): number {
  let at = 0
  let word = 0
  let bits = 0
  for (let i = 0; i < bytes.length; i++) {
    word = ((word & 0x7f) << 8) | bytes[i]
    bits += 8
    do {
      bits -= 7
      out[at++] = (word >>> bits) & 0x7f
    } while (bits >= 7)
  }
  if (bits > 0) out[at++] = (word << (7 - bits)) & 0x7f
  return at
}

/** Writes the bytes of a text into `out` from `start` on; returns where they end. */
export function fromAscii(text: string, out: Uint8Array, start: number): number {
  let at = start
  let word = 0
  let bits = 0
  for (let i = 0; i < text.length; i++) {
    word = ((word & 0x7f) << 7) | text.charCodeAt(i)
    bits += 7
    if (bits >= 8) {
      bits -= 8
      out[at++] = (word >>> bits) & 0xff
    }
  }
  return at
}
