/** Where nested JSON ends, in plain TypeScript: for the twin of the kernel of JSON. Pure; promises what the kernel does. */

const depthMax = 60
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y
const isSpace = (byte: number): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09

/** Behind the string that begins at `from`, escapes included; 0 when it is none that ends before `end`. */
export function textEnd(u8: Uint8Array, from: number, end: number): number {
  for (let at = from + 1; at < end; at++) {
    if (u8[at] === 0x22) return at + 1
    if (u8[at] < 0x20) return 0
    if (u8[at] !== 0x5c) continue
    const escaped = String.fromCharCode(u8[++at])
    if (escaped === 'u') {
      for (let i = 0; i < 4; i++) if (!/[0-9a-fA-F]/.test(String.fromCharCode(u8[++at]))) return 0
    } else if (!'"\\/bfnrt'.includes(escaped)) return 0
  }
  return 0
}

/** Behind the object or array at `from`, all of which is JSON; 0 when it is none, or deeper than 60 levels. */
export function nestedEnd(u8: Uint8Array, from: number, end: number): number {
  const spaces = (at: number): number => {
    let to = at
    while (to < end && isSpace(u8[to])) to++
    return to
  }
  const scalar = (at: number): number => {
    if (u8[at] === 0x22) return textEnd(u8, at, end)
    const text = Buffer.from(u8.subarray(at, end)).toString('latin1')
    for (const word of ['true', 'false', 'null']) if (text.startsWith(word)) return at + word.length
    number.lastIndex = 0
    const found = number.exec(text)
    return found === null ? 0 : at + found[0].length
  }
  const value = (start: number, depth: number): number => {
    let at = spaces(start)
    if (at >= end) return 0
    if (u8[at] !== 0x7b && u8[at] !== 0x5b) return scalar(at)
    if (depth === depthMax) return 0
    const isObject = u8[at] === 0x7b
    const close = isObject ? 0x7d : 0x5d
    at = spaces(at + 1)
    if (at < end && u8[at] === close) return at + 1
    for (;;) {
      if (isObject) {
        at = spaces(at)
        if (at >= end || u8[at] !== 0x22) return 0
        at = textEnd(u8, at, end)
        if (at === 0) return 0
        at = spaces(at)
        if (at >= end || u8[at] !== 0x3a) return 0
        at++
      }
      at = value(at, depth + 1)
      if (at === 0) return 0
      at = spaces(at)
      if (at >= end || (u8[at] !== 0x2c && u8[at] !== close)) return 0
      if (u8[at++] === close) return at
    }
  }
  return value(from, 0)
}
