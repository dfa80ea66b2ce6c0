/**
 * Lines of a stream as places in its chunks: no string and no promise per line. What stands behind the last line end is a
 * line, too. Made for millions of short lines; a line that spans chunks is put together. One use.
 */

const lineEnd = 10
/** A line beyond this is no line: somebody gives us a file that is not text. */
const lineBytesMax = 64 * 1024 * 1024

export class LineReader {
  #rest: Buffer[] = []
  #restBytes = 0

  /** Calls `take` for each line that ends in the chunk, without its end. The bytes are valid until `take` returns. */
  push(chunk: Buffer, take: (line: Buffer) => void): void {
    let at = 0
    for (let end = chunk.indexOf(lineEnd); end >= 0; end = chunk.indexOf(lineEnd, at)) {
      if (this.#restBytes === 0) take(chunk.subarray(at, end))
      else {
        this.#rest.push(chunk.subarray(at, end))
        take(this.#joined())
      }
      at = end + 1
    }
    if (at === chunk.length) return
    // Copied: whoever gives us chunks may use them again.
    this.#rest.push(Buffer.from(chunk.subarray(at)))
    this.#restBytes += chunk.length - at
  }

  /** Calls `take` for what stands behind the last line end, if anything does. */
  end(take: (line: Buffer) => void): void {
    if (this.#restBytes > 0) take(this.#joined())
  }

  /** Whether what waits for its end is longer than a line may be. */
  get isTooLong(): boolean {
    return this.#restBytes > lineBytesMax
  }

  #joined(): Buffer {
    const line = Buffer.concat(this.#rest)
    this.#rest = []
    this.#restBytes = 0
    return line
  }
}
