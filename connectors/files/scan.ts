/**
 * Finds the records in a piece of a file, by bytes, so that an offset in a checkpoint is a byte of the file. A scanner
 * keeps no state between records: reading can start at the offset after any of them.
 */
const newline = 0x0a
const quote = 0x22

/** What `scan` has found, and where; reused by every call. */
export interface Scan {
  /** 'more': the bytes end inside of a record. 'end': the file has no more records. 'broken': bytes that are no record. */
  found: 'record' | 'blank' | 'more' | 'end' | 'broken'
  /** Bytes of the record. */
  start: number
  end: number
  /** Where the next one starts. */
  next: number
  problem: string
}

export const newScan = (): Scan => ({ found: 'more', start: 0, end: 0, next: 0, problem: '' })

export interface Scanner {
  /** Looks for the record at `from`; `bytes` are known up to `to`, and these are all when `last`. */
  scan(bytes: Buffer, from: number, to: number, last: boolean, into: Scan): void
}

function endOfLine(bytes: Buffer, from: number, to: number, last: boolean, into: Scan): number {
  const at = bytes.indexOf(newline, from)
  if (at >= 0 && at < to) {
    into.next = at + 1
    return at
  }
  if (!last) return -1
  into.next = to
  return to
}

function take(bytes: Buffer, start: number, end: number, into: Scan): void {
  into.start = start
  into.end = end > start && bytes[end - 1] === 0x0d ? end - 1 : end
  into.found = into.end === start ? 'blank' : 'record'
}

/** A record is a line. */
export const lineScanner: Scanner = {
  scan(bytes, from, to, last, into) {
    if (from >= to) {
      into.found = last ? 'end' : 'more'
      return
    }
    const end = endOfLine(bytes, from, to, last, into)
    if (end < 0) into.found = 'more'
    else take(bytes, from, end, into)
  },
}

/** A record is a line, or several when line ends stand inside of quotes. */
export const csvScanner: Scanner = {
  scan(bytes, from, to, last, into) {
    if (from >= to) {
      into.found = last ? 'end' : 'more'
      return
    }
    let quoted = false
    for (let at = from; ; ) {
      const end = endOfLine(bytes, at, to, last, into)
      if (end < 0) {
        into.found = 'more'
        return
      }
      for (let i = bytes.indexOf(quote, at); i >= 0 && i < end; i = bytes.indexOf(quote, i + 1)) quoted = !quoted
      if (!quoted || end === to) {
        // A quote that is never closed would swallow the rest of the file: it spoils its own line only.
        if (quoted) endOfLine(bytes, from, to, last, into)
        take(bytes, from, quoted ? into.next : end, into)
        if (quoted) {
          into.found = 'broken'
          into.problem = 'a quote is not closed'
        }
        return
      }
      at = into.next
    }
  },
}

const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** A record is an element of the array that the file is; reading starts after its bracket. The offset stands before a comma. */
export const jsonArrayScanner: Scanner = {
  scan(bytes, from, to, last, into) {
    let at = from
    while (at < to && (isSpace(bytes[at]) || bytes[at] === 0x2c)) at++
    if (at >= to) {
      into.found = last ? 'broken' : 'more'
      into.problem = 'the array is not closed'
      into.start = from
      into.end = into.next = to
      return
    }
    if (bytes[at] === 0x5d) {
      into.found = 'end'
      into.next = at + 1
      return
    }
    const end = endOfValue(bytes, at, to)
    if (end < 0) {
      into.found = last ? 'broken' : 'more'
      into.problem = 'the file ends inside of a value'
      into.start = at
      into.end = into.next = to
      return
    }
    into.start = at
    into.end = into.next = Math.max(end, at + 1)
    into.found = end === at ? 'broken' : 'record'
    into.problem = 'a bracket closes what was not opened'
  },
}

/** Byte after the value that starts at `at`; -1 when it goes on beyond `to`. */
function endOfValue(bytes: Buffer, at: number, to: number): number {
  let depth = 0
  for (let i = at; i < to; i++) {
    const byte = bytes[i]
    if (byte === quote) {
      for (i++; i < to && bytes[i] !== quote; i++) if (bytes[i] === 0x5c) i++
      if (i >= to) return -1
    } else if (byte === 0x7b || byte === 0x5b) depth++
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return i
      if (--depth === 0) return i + 1
    } else if (depth === 0 && byte === 0x2c) return i
  }
  return -1
}
