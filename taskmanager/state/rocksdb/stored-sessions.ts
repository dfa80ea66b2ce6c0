/** The sessions of a key as one value in RocksDB: start, 1 when it has fired, bytes of the value, the value as in a run. Pure. */
export interface StoredSession {
  readonly start: number
  readonly fired: boolean
  readonly value: Buffer
}

const headBytes = 13

export function packSessions(sessions: readonly StoredSession[]): Buffer {
  const bytes = Buffer.allocUnsafe(sessions.reduce((sum, { value }) => sum + headBytes + value.length, 0))
  let at = 0
  for (const { start, fired, value } of sessions) {
    at = bytes.writeDoubleLE(start, at)
    at = bytes.writeUInt8(fired ? 1 : 0, at)
    at = bytes.writeUInt32LE(value.length, at)
    at += value.copy(bytes, at)
  }
  return bytes
}

/** Values are views of `bytes`. */
export function* storedSessions(bytes: Buffer): Generator<StoredSession> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + headBytes + bytes.readUInt32LE(at + 9)
    yield { start: bytes.readDoubleLE(at), fired: bytes[at + 8] === 1, value: bytes.subarray(at + headBytes, end) }
    at = end
  }
}
