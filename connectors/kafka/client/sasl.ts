/** Logging in: SASL PLAIN and SCRAM, as the client. Passwords stay in memory and in no message of an error. */
import type { Random } from '../../../core/platform/random.ts'
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import {
  clientFinalWithoutProof,
  clientFirstBare,
  clientProof,
  parseServerFinal,
  parseServerFirst,
  type ScramMechanism,
  saltPassword,
  scramIterationsMin,
  serverKeyOf,
  serverSignature,
} from '../../../proto/kafka/sasl/scram.ts'
import type { KafkaConnection } from './connection.ts'
import { kafkaErrors } from './errors.ts'
import type { SaslOptions } from './options.ts'

const scramHeader = 'n,,'
/** More would let a broker keep this process busy. */
const iterationsMax = 1_000_000

/** Logs a new connection in. Rejects with KAFKA_AUTHENTICATION. */
export async function authenticate(connection: KafkaConnection, sasl: SaslOptions, random: Random): Promise<void> {
  const { mechanism } = sasl
  const handshake = await connection.request('SaslHandshake', { mechanism })
  if (handshake.errorCode !== kafkaError.NONE) {
    throw refused(connection, `it offers ${handshake.mechanisms.join(', ') || 'nothing'}, not ${mechanism}`)
  }
  if (mechanism === 'PLAIN') await say(connection, `\0${sasl.username}\0${sasl.password}`)
  else await scram(connection, mechanism, sasl, random)
}

const refused = (connection: KafkaConnection, reason: string): Error =>
  kafkaErrors.create('AUTHENTICATION', { address: connection.address, reason })

async function say(connection: KafkaConnection, text: string): Promise<string> {
  const answer = await connection.request('SaslAuthenticate', { authBytes: Buffer.from(text) })
  if (answer.errorCode !== kafkaError.NONE) {
    throw refused(connection, answer.errorMessage ?? 'user or password is wrong')
  }
  return answer.authBytes.toString()
}

async function scram(
  connection: KafkaConnection,
  mechanism: ScramMechanism,
  { username, password }: SaslOptions,
  random: Random,
): Promise<void> {
  const nonce = random.hex(16)
  const first = clientFirstBare(username, nonce)
  const challengeText = await say(connection, scramHeader + first)
  const challenge = parseServerFirst(challengeText)
  if (challenge === undefined || !challenge.nonce.startsWith(nonce) || challenge.nonce === nonce) {
    throw refused(connection, 'its challenge is none')
  }
  if (challenge.iterations < scramIterationsMin || challenge.iterations > iterationsMax) {
    throw refused(connection, `it asks for ${challenge.iterations} iterations`)
  }
  const salted = saltPassword(mechanism, password, challenge.salt, challenge.iterations)
  const final = clientFinalWithoutProof(scramHeader, challenge.nonce)
  const signed = `${first},${challengeText},${final}`
  const proof = clientProof(mechanism, salted, signed)
  const answer = await say(connection, `${final},p=${proof.toString('base64')}`)
  const signature = parseServerFinal(answer)
  // Whoever does not know the password cannot make this: it would be somebody who only pretends to be the broker.
  if (
    signature === undefined ||
    !signature.equals(serverSignature(mechanism, serverKeyOf(mechanism, salted), signed))
  ) {
    throw refused(connection, 'it does not prove that it knows the password')
  }
}
