/**
 * SaslHandshake and SaslAuthenticate, and the bare tokens that follow a handshake of version 0. A client that fails is
 * told late, and then its connection closes. One that authenticates again has to stay who it was.
 */
import { assert } from '../../../core/assert.ts'
import { sleep } from '../../../core/async/index.ts'
import type { Clock } from '../../../core/platform/clock.ts'
import type { Random } from '../../../core/platform/random.ts'
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type {
  SaslAuthenticateRequest,
  SaslAuthenticateResponse,
} from '../../../proto/kafka/messages/sasl-authenticate.ts'
import type { SaslHandshakeRequest, SaslHandshakeResponse } from '../../../proto/kafka/messages/sasl-handshake.ts'
import {
  type Credentials,
  type SaslConversation,
  type SaslMechanism,
  type SaslStep,
  saslMechanisms,
  startConversation,
} from '../../security/sasl.ts'
import { type ConnectionInfo, type HandlerTable, handlerEntry } from '../handler.ts'

export interface SaslHandlerOptions {
  readonly credentials: Credentials
  readonly clock: Clock
  readonly random: Random
  /** 0: never. */
  readonly reauthenticateAfterMs: number
  readonly failureDelayMs: number
  /** Told of each authentication that failed, for the log. */
  failed(connection: ConnectionInfo, detail: string): void
}

/** What a connection remembers between handshake and the end of the exchange. */
interface Exchange {
  readonly mechanism: SaslMechanism
  readonly conversation: SaslConversation
}

/** Bytes of one message of SASL: names and proofs are short. */
const messageBytesMax = 64 * 1024

export function createSaslHandlers(options: SaslHandlerOptions): HandlerTable {
  const step = (connection: ConnectionInfo, exchange: Exchange, message: Buffer): SaslStep => {
    const taken = advance(exchange, message)
    if (taken.kind !== 'continue') connection.saslState = undefined
    if (taken.kind !== 'authenticated') return taken
    const { principal, authenticated } = connection
    if (authenticated && principal.name !== taken.user) {
      const detail = `User:${principal.name} authenticated again as User:${taken.user}`
      return { kind: 'refused', reason: 'Cannot change principals during re-authentication', detail }
    }
    connection.principal = { type: 'User', name: taken.user }
    connection.authenticated = true
    connection.reauthenticateAtMs =
      options.reauthenticateAfterMs === 0 ? undefined : options.clock.monotonic() + options.reauthenticateAfterMs
    return taken
  }

  const refuse = async (connection: ConnectionInfo, detail: string): Promise<void> => {
    options.failed(connection, detail)
    await sleep(options.clock, options.failureDelayMs)
    connection.close('authentication failed')
  }

  /** Frames without header, as clients from before SaslAuthenticate send them. */
  const rawFrames = (connection: ConnectionInfo, exchange: Exchange) => async (frame: Buffer) => {
    const taken = step(connection, exchange, frame)
    if (taken.kind !== 'continue') connection.rawFrames = undefined
    if (taken.kind === 'refused') await refuse(connection, taken.detail)
    return taken.kind === 'refused' ? Buffer.alloc(0) : taken.answer
  }

  return {
    SaslHandshake: handlerEntry<SaslHandshakeRequest, SaslHandshakeResponse>({
      minVersion: 0,
      maxVersion: 1,
      handle({ mechanism }, { connection, version }) {
        const mechanisms = [...connection.saslMechanisms]
        if (mechanisms.length === 0) return { errorCode: kafkaError.ILLEGAL_SASL_STATE, mechanisms }
        const known = saslMechanisms.find((each) => each === mechanism)
        if (known === undefined || !mechanisms.includes(known))
          return { errorCode: kafkaError.UNSUPPORTED_SASL_MECHANISM, mechanisms }
        const conversation = startConversation(known, options.credentials, options.random)
        const exchange: Exchange = { mechanism: known, conversation }
        if (version === 0) connection.rawFrames = rawFrames(connection, exchange)
        else connection.saslState = exchange
        return { errorCode: kafkaError.NONE, mechanisms }
      },
    }),
    SaslAuthenticate: handlerEntry<SaslAuthenticateRequest, SaslAuthenticateResponse>({
      minVersion: 0,
      maxVersion: 2,
      async handle({ authBytes }, { connection }) {
        const exchange = connection.saslState as Exchange | undefined
        if (exchange === undefined) {
          connection.close('SaslAuthenticate without SaslHandshake')
          return answer(kafkaError.ILLEGAL_SASL_STATE, 'SaslAuthenticate before SaslHandshake')
        }
        const taken = step(connection, exchange, authBytes)
        if (taken.kind === 'refused') {
          await refuse(connection, taken.detail)
          return answer(kafkaError.SASL_AUTHENTICATION_FAILED, taken.reason)
        }
        const lifetimeMs = taken.kind === 'authenticated' ? options.reauthenticateAfterMs : 0
        return {
          errorCode: kafkaError.NONE,
          errorMessage: null,
          authBytes: taken.answer,
          sessionLifetimeMs: lifetimeMs,
        }
      },
    }),
  }
}

function advance({ mechanism, conversation }: Exchange, message: Buffer): SaslStep {
  if (message.length <= messageBytesMax) return conversation.step(message)
  const reason = `Authentication failed: a message of ${message.length} bytes`
  return { kind: 'refused', reason, detail: `${mechanism} with a message of ${message.length} bytes` }
}

function answer(errorCode: number, errorMessage: string): SaslAuthenticateResponse {
  assert(errorCode !== kafkaError.NONE)
  return { errorCode, errorMessage, authBytes: Buffer.alloc(0), sessionLifetimeMs: 0 }
}
