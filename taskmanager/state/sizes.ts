/** About how many bytes of the heap a value takes: enough to bound a cache, not to the byte. Pure. */
const sampled = 16

/** Bytes of a cached entry besides its value: the object, its place in an array or map. */
export const entryBytes = 112

export function sizeOfValue(value: unknown, depth = 0): number {
  switch (typeof value) {
    case 'string':
      return 24 + value.length * 2
    case 'bigint':
      return 32
    case 'object':
      break
    default:
      return 12
  }
  if (value === null || depth > 8) return 16
  if (ArrayBuffer.isView(value)) return 96 + value.byteLength
  if (Array.isArray(value)) return 32 + sizeOfMany(value, value.length, depth)
  if (value instanceof Map) return 64 + 32 * value.size + sizeOfMany([...first(value.values())], value.size, depth)
  if (value instanceof Set) return 64 + 32 * value.size + sizeOfMany([...first(value)], value.size, depth)
  let bytes = 40
  for (const name in value) bytes += 8 + sizeOfValue((value as Record<string, unknown>)[name], depth + 1)
  return bytes
}

function sizeOfMany(values: readonly unknown[], count: number, depth: number): number {
  const step = Math.max(1, Math.floor(values.length / sampled))
  let bytes = 0
  let looked = 0
  for (let i = 0; i < values.length; i += step, looked++) bytes += 8 + sizeOfValue(values[i], depth + 1)
  return looked === 0 ? 0 : Math.ceil((bytes * count) / looked)
}

function* first<T>(values: Iterable<T>): Generator<T> {
  let n = 0
  for (const value of values) {
    if (n++ === sampled) return
    yield value
  }
}
