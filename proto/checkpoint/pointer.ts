/**
 * The pointer of a job: a small register that names the newest complete checkpoint, those kept before it, and the leader
 * that may move it. The bytes are an envelope (envelope.ts) around JSON. Pure.
 */
import { decodeEnvelope, encodeEnvelope, envelopeMagic } from './envelope.ts'
import { checkPointer, type Pointer } from './manifest-shape.ts'

export type { Pointer }

export const pointerVersion = 1

export function encodePointer(pointer: Pointer): Uint8Array {
  return encodeEnvelope(envelopeMagic.pointer, pointerVersion, pointer)
}

/** `where` names the pointer in errors. Throws CHECKPOINT_* errors for bytes that are no pointer of a known version. */
export function decodePointer(bytes: Uint8Array, where: string): Pointer {
  return checkPointer(decodeEnvelope(bytes, envelopeMagic.pointer, pointerVersion, where), where)
}
