/**
 * One authentication of one connection: the bytes of the client in, the bytes to answer out, until it is known who the
 * client is or that it is not who it says. The reason of a refusal that the client is told never says whether the user
 * exists. Single-threaded; PLAIN compares in constant time.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { type Random, systemRandom } from '../../core/platform/random.ts'
import {
  parseClientFinal,
  parseClientFirst,
  proofIsRight,
  type ScramCredential,
  type ScramMechanism,
  saltPassword,
  scramCredential,
  scramIterationsMin,
  serverFirstText,
  serverSignature,
} from '../../proto/kafka/sasl/scram.ts'

export const saslMechanisms = ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'] as const
export type SaslMechanism = (typeof saslMechanisms)[number]

/** Where the passwords are known. */
export interface Credentials {
  /** The password of PLAIN; undefined when there is no such user, or none with a password. */
  password(user: string): string | undefined
  scram(user: string, mechanism: ScramMechanism): ScramCredential | undefined
}

export type SaslStep =
  | { readonly kind: 'continue'; readonly answer: Buffer }
  | { readonly kind: 'authenticated'; readonly user: string; readonly answer: Buffer }
  /** `reason` is for the client, `detail` for the broker's own log. */
  | { readonly kind: 'refused'; readonly reason: string; readonly detail: string }

export interface SaslConversation {
  step(message: Buffer): SaslStep
}

export function startConversation(
  mechanism: SaslMechanism,
  credentials: Credentials,
  random: Random,
): SaslConversation {
  return mechanism === 'PLAIN' ? new Plain(credentials) : new Scram(mechanism, credentials, random)
}

const refused = (mechanism: SaslMechanism, detail: string): SaslStep => ({
  kind: 'refused',
  reason: `Authentication failed during authentication due to invalid credentials with SASL mechanism ${mechanism}`,
  detail,
})
const malformed = (mechanism: SaslMechanism, detail: string): SaslStep => ({
  kind: 'refused',
  reason: `Authentication failed: not a message of SASL mechanism ${mechanism}`,
  detail,
})

/** RFC 4616: authorization id, user and password, with zero bytes between. */
class Plain implements SaslConversation {
  readonly #credentials: Credentials

  constructor(credentials: Credentials) {
    this.#credentials = credentials
  }

  step(message: Buffer): SaslStep {
    const parts = message.toString('utf8').split('\0')
    if (parts.length !== 3) return malformed('PLAIN', `${parts.length} parts instead of 3`)
    const [authorizationId, user, password] = parts as [string, string, string]
    if (user === '' || password === '') return malformed('PLAIN', 'user or password is empty')
    if (authorizationId !== '' && authorizationId !== user)
      return refused('PLAIN', `user ${JSON.stringify(user)} asked to be ${JSON.stringify(authorizationId)}`)
    const expected = this.#credentials.password(user)
    const right = sameSecret(password, expected ?? password)
    if (expected === undefined) return refused('PLAIN', `no user ${JSON.stringify(user)}`)
    if (!right) return refused('PLAIN', `wrong password of user ${JSON.stringify(user)}`)
    return { kind: 'authenticated', user, answer: Buffer.alloc(0) }
  }
}

/** Compares digests, so that the time taken tells nothing, not even the length. */
function sameSecret(left: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(left), digest(right))
}

/** What was said before the client proves that it knows the password. */
interface PendingProof {
  readonly user: string
  readonly credential: ScramCredential
  readonly known: boolean
  readonly nonce: string
  readonly header: string
  readonly signed: string
}

class Scram implements SaslConversation {
  readonly #mechanism: ScramMechanism
  readonly #credentials: Credentials
  readonly #random: Random
  #pending: PendingProof | undefined

  constructor(mechanism: ScramMechanism, credentials: Credentials, random: Random) {
    this.#mechanism = mechanism
    this.#credentials = credentials
    this.#random = random
  }

  step(message: Buffer): SaslStep {
    const text = message.toString('utf8')
    return this.#pending === undefined ? this.#first(text) : this.#final(text, this.#pending)
  }

  #first(text: string): SaslStep {
    const first = parseClientFirst(text)
    if (first === undefined) return malformed(this.#mechanism, 'the first message is none of SCRAM')
    if (first.isToken) return refused(this.#mechanism, 'delegation tokens are not served')
    if (first.authorizationId !== '' && first.authorizationId !== first.user)
      return refused(this.#mechanism, `user ${JSON.stringify(first.user)} asked to be another`)
    const known = this.#credentials.scram(first.user, this.#mechanism)
    // A user that does not exist is told apart only at the end, and as one with a wrong password.
    const credential = known ?? unknownUser(this.#mechanism, first.user)
    const nonce = first.nonce + this.#random.hex(16)
    const answer = serverFirstText({ nonce, salt: credential.salt, iterations: credential.iterations })
    this.#pending = {
      user: first.user,
      credential,
      known: known !== undefined,
      nonce,
      header: first.header,
      signed: `${first.bare},${answer}`,
    }
    return { kind: 'continue', answer: Buffer.from(answer) }
  }

  #final(text: string, pending: PendingProof): SaslStep {
    this.#pending = undefined
    const final = parseClientFinal(text)
    if (final === undefined) return malformed(this.#mechanism, 'the last message is none of SCRAM')
    // Librdkafka before 2.8 puts its own nonce before ours once more. It is signed, so all that counts is that ours is there.
    if (!final.nonce.endsWith(pending.nonce) || final.channelBinding !== pending.header)
      return refused(this.#mechanism, 'nonce or channel binding differ from the first message')
    const signed = `${pending.signed},${final.withoutProof}`
    const right = proofIsRight(this.#mechanism, pending.credential, final.proof, signed)
    if (!pending.known) return refused(this.#mechanism, `no user ${JSON.stringify(pending.user)} with this mechanism`)
    if (!right) return refused(this.#mechanism, `wrong password of user ${JSON.stringify(pending.user)}`)
    const signature = serverSignature(this.#mechanism, pending.credential.serverKey, signed)
    return { kind: 'authenticated', user: pending.user, answer: Buffer.from(`v=${signature.toString('base64')}`) }
  }
}

/** A credential of nobody; the salt is the same each time somebody asks for the name. */
function unknownUser(mechanism: ScramMechanism, user: string): ScramCredential {
  const salt = createHash('sha256').update(secretOfThisProcess).update(user).digest().subarray(0, 16)
  const key = createHash(mechanism === 'SCRAM-SHA-256' ? 'sha256' : 'sha512')
    .update(salt)
    .digest()
  return { salt, iterations: scramIterationsMin, storedKey: key, serverKey: key }
}

const secretOfThisProcess = systemRandom.bytes(32)

/** The credential of a user whose password is known as it is. */
export function credentialOfPassword(mechanism: ScramMechanism, password: string, random: Random): ScramCredential {
  const salt = random.bytes(16)
  const salted = saltPassword(mechanism, password, salt, scramIterationsMin)
  return scramCredential(mechanism, salted, salt, scramIterationsMin)
}
