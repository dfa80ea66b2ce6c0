/**
 * SCRAM-SHA-256 and SCRAM-SHA-512 (RFC 5802, RFC 7677) as Kafka uses them: the messages and the arithmetic, for both
 * sides. No channel binding. Pure, but for `saltPassword`, which takes milliseconds of the processor by design.
 */
import { createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto'

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

/** As in the bytes of AlterUserScramCredentials. */
export const scramMechanismId: Readonly<Record<ScramMechanism, number>> = { 'SCRAM-SHA-256': 1, 'SCRAM-SHA-512': 2 }

/** Kafka's own bounds: fewer iterations are too weak, more let a client keep the broker busy. */
export const scramIterationsMin = 4096
export const scramIterationsMax = 16_384

export interface ScramCredential {
  readonly salt: Buffer
  readonly iterations: number
  readonly storedKey: Buffer
  readonly serverKey: Buffer
}

const digest = (mechanism: ScramMechanism): string => (mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512')
const digestBytes = (mechanism: ScramMechanism): number => (mechanism === 'SCRAM-SHA-256' ? 32 : 64)

const hmac = (mechanism: ScramMechanism, key: Uint8Array, text: string): Buffer =>
  createHmac(digest(mechanism), key).update(text).digest()
const hash = (mechanism: ScramMechanism, bytes: Uint8Array): Buffer =>
  createHash(digest(mechanism)).update(bytes).digest()

/** The slow step: password to the key that the others derive from. */
export function saltPassword(
  mechanism: ScramMechanism,
  password: string,
  salt: Uint8Array,
  iterations: number,
): Buffer {
  return pbkdf2Sync(password.normalize('NFKC'), salt, iterations, digestBytes(mechanism), digest(mechanism))
}

/** What a server keeps; the password cannot be read from it. */
export function scramCredential(
  mechanism: ScramMechanism,
  saltedPassword: Uint8Array,
  salt: Uint8Array,
  iterations: number,
): ScramCredential {
  return {
    salt: Buffer.from(salt),
    iterations,
    storedKey: hash(mechanism, hmac(mechanism, saltedPassword, 'Client Key')),
    serverKey: hmac(mechanism, saltedPassword, 'Server Key'),
  }
}

/** What a client sends to show that it knows the password. */
export function clientProof(mechanism: ScramMechanism, saltedPassword: Uint8Array, authMessage: string): Buffer {
  const clientKey = hmac(mechanism, saltedPassword, 'Client Key')
  return xor(clientKey, hmac(mechanism, hash(mechanism, clientKey), authMessage))
}

/** Whether a proof was made with the password that the credential was made of. */
export function proofIsRight(
  mechanism: ScramMechanism,
  credential: ScramCredential,
  proof: Uint8Array,
  authMessage: string,
): boolean {
  const signature = hmac(mechanism, credential.storedKey, authMessage)
  if (proof.length !== signature.length) return false
  return timingSafeEqual(hash(mechanism, xor(proof, signature)), credential.storedKey)
}

/** What a server sends to show that it has the credential. */
export const serverSignature = (mechanism: ScramMechanism, serverKey: Uint8Array, authMessage: string): Buffer =>
  hmac(mechanism, serverKey, authMessage)

/** The server's key as the client derives it, to check the signature. */
export const serverKeyOf = (mechanism: ScramMechanism, saltedPassword: Uint8Array): Buffer =>
  hmac(mechanism, saltedPassword, 'Server Key')

function xor(left: Uint8Array, right: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(left.length)
  for (let i = 0; i < left.length; i++) out[i] = (left[i] as number) ^ (right[i] as number)
  return out
}

export interface ClientFirst {
  /** Without the header: part of what both sides sign. */
  readonly bare: string
  /** `n,,` or with an authorization id, as sent. */
  readonly header: string
  readonly user: string
  readonly nonce: string
  /** Empty when the client asks for its own identity. */
  readonly authorizationId: string
  /** `tokenauth=true`: the user is a delegation token. */
  readonly isToken: boolean
}

/** Undefined when the message is not one. */
export function parseClientFirst(text: string): ClientFirst | undefined {
  const parts = /^(n,(?:a=([^,]*))?,)((?:m=[^,]*,)?n=([^,]+),r=([\x21-\x2b\x2d-\x7e]+)((?:,.*)?))$/s.exec(text)
  if (parts === null) return undefined
  const user = unescapeName(parts[4] as string)
  const authorizationId = unescapeName(parts[2] ?? '')
  if (user === undefined || authorizationId === undefined || (parts[3] as string).startsWith('m=')) return undefined
  return {
    header: parts[1] as string,
    bare: parts[3] as string,
    user,
    nonce: parts[5] as string,
    authorizationId,
    isToken: /(?:^|,)tokenauth=true(?:,|$)/.test(parts[6] as string),
  }
}

export const clientFirstBare = (user: string, nonce: string): string => `n=${escapeName(user)},r=${nonce}`

export interface ServerFirst {
  readonly nonce: string
  readonly salt: Buffer
  readonly iterations: number
}

export const serverFirstText = (message: ServerFirst): string =>
  `r=${message.nonce},s=${message.salt.toString('base64')},i=${message.iterations}`

/** Undefined when the message is not one. */
export function parseServerFirst(text: string): ServerFirst | undefined {
  const parts = /^r=([^,]+),s=([A-Za-z0-9+/]+=*),i=([0-9]{1,9})(?:,.*)?$/s.exec(text)
  if (parts === null) return undefined
  return { nonce: parts[1] as string, salt: Buffer.from(parts[2] as string, 'base64'), iterations: Number(parts[3]) }
}

export interface ClientFinal {
  readonly withoutProof: string
  readonly channelBinding: string
  readonly nonce: string
  readonly proof: Buffer
}

/** The part of the last message that both sides sign. */
export const clientFinalWithoutProof = (header: string, nonce: string): string =>
  `c=${Buffer.from(header).toString('base64')},r=${nonce}`

/** Undefined when the message is not one. */
export function parseClientFinal(text: string): ClientFinal | undefined {
  const parts = /^(c=([A-Za-z0-9+/]+=*),r=([^,]+)(?:,.*)?),p=([A-Za-z0-9+/]+=*)$/s.exec(text)
  if (parts === null) return undefined
  return {
    withoutProof: parts[1] as string,
    channelBinding: Buffer.from(parts[2] as string, 'base64').toString(),
    nonce: parts[3] as string,
    proof: Buffer.from(parts[4] as string, 'base64'),
  }
}

/** `v=` and the server's signature, or undefined with an error in place of it. */
export function parseServerFinal(text: string): Buffer | undefined {
  const parts = /^v=([A-Za-z0-9+/]+=*)(?:,.*)?$/s.exec(text)
  return parts === null ? undefined : Buffer.from(parts[1] as string, 'base64')
}

const escapeName = (name: string): string => name.replaceAll('=', '=3D').replaceAll(',', '=2C')

function unescapeName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=')
}
