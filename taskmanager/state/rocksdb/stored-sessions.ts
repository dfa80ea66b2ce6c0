/** The sessions of a key as one value in RocksDB: start, its mark, bytes of the value, the value as in a run. Pure. */
export interface StoredSession {
  readonly start: number
  /** `gone`: an older version of the key in the log has it, this one has not. */
  readonly mark: (typeof sessionMark)[keyof typeof sessionMark]
  readonly value: Buffer
}

export const sessionMark = { waits: 0, fired: 1, gone: 2 } as const

const headBytes = 13

export function packSessions(sessions: readonly StoredSession[]): Buffer {
  const bytes = Buffer.allocUnsafe(sessions.reduce((sum, { value }) => sum + headBytes + value.length, 0))
  let at = 0
  for (const { start, mark, value } of sessions) {
    at = bytes.writeDoubleLE(start, at)
    at = bytes.writeUInt8(mark, at)
    at = bytes.writeUInt32LE(value.length, at)
    at += value.copy(bytes, at)
  }
  return bytes
}

/** Values are views of `bytes`. */
export function* storedSessions(bytes: Buffer): Generator<StoredSession> {
  for (let at = 0; at < bytes.length; ) {
    const end = at + headBytes + bytes.readUInt32LE(at + 9)
    const mark = bytes[at + 8] as StoredSession['mark']
    yield { start: bytes.readDoubleLE(at), mark, value: bytes.subarray(at + headBytes, end) }
    at = end
  }
}
