/**
 * The random texts of a batch, as the bytes that become a column: no string is made of them. One slot thread fills one
 * batch at a time.
 */
import type { ColumnWriter } from 'millrace'
import type { Draw } from './draw.ts'

/** Longer than any text. */
const textMax = 1024
const scale = 2 ** -32

export class Texts {
  readonly #draw: Draw
  #bytes = new Uint8Array(64 * 1024)
  #offsets = new Int32Array(1024)
  #rows = 0
  #end = 0

  constructor(draw: Draw) {
    this.#draw = draw
  }

  clear(): void {
    this.#rows = 0
    this.#end = 0
  }

  /** Begins the text of the next row. */
  next(): void {
    // The last offset is the end of the last text.
    if (this.#rows + 2 > this.#offsets.length) {
      const larger = new Int32Array(this.#offsets.length * 2)
      larger.set(this.#offsets)
      this.#offsets = larger
    }
    this.#offsets[this.#rows++] = this.#end
    if (this.#end + textMax > this.#bytes.length) {
      const larger = new Uint8Array(this.#bytes.length * 2)
      larger.set(this.#bytes)
      this.#bytes = larger
    }
  }

  /** Draws a text (see `text` of draw.ts) and returns its length. */
  random(max: number): number {
    const bytes = this.#bytes
    const draw = this.#draw
    const start = this.#end
    const drawn = 3 + draw.int(max - 3)
    // Spaces in front are not written, those behind are taken back.
    let end = start
    let s = draw.state
    for (let i = 0; i < drawn; i++) {
      s = (s + 0x9e3779b9) | 0
      let z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      // int(13) is 0 below a 13th of 2^32.
      if ((z ^ (z >>> 15)) >>> 0 > 330_382_099) {
        s = (s + 0x9e3779b9) | 0
        z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        bytes[end++] = 97 + ((((z ^ (z >>> 15)) >>> 0) * (26 * scale)) | 0)
      } else if (end > start) bytes[end++] = 0x20
    }
    draw.state = s
    while (end > start && bytes[end - 1] === 0x20) end--
    this.#end = end
    return end - start
  }

  /** A text of ASCII characters. */
  literal(value: string): void {
    const bytes = this.#bytes
    const at = this.#end
    for (let i = 0; i < value.length; i++) bytes[at + i] = value.charCodeAt(i)
    this.#end = at + value.length
  }

  /** Four digits. */
  digits(value: number): void {
    const bytes = this.#bytes
    const at = this.#end
    bytes[at] = 48 + Math.floor(value / 1000)
    bytes[at + 1] = 48 + (Math.floor(value / 100) % 10)
    bytes[at + 2] = 48 + (Math.floor(value / 10) % 10)
    bytes[at + 3] = 48 + (value % 10)
    this.#end += 4
  }

  write(writer: ColumnWriter, field: string): void {
    this.#offsets[this.#rows] = this.#end
    writer.utf8(field, this.#bytes, this.#offsets, this.#rows)
  }
}
