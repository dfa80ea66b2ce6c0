/** Failures of the Kafka client, and the error codes of brokers as errors. */
import { defineErrors } from '../../../core/errors.ts'
import { isRetriable, kafkaError, kafkaErrorMessage, kafkaErrorName } from '../../../proto/kafka/error-codes.ts'

export const kafkaErrors = defineErrors('KAFKA', {
  UNREACHABLE: {
    text: 'no broker of {brokers} answers: {reason}',
    hint: 'Is the broker running, and is the address one that this machine can reach?',
    blame: 'external',
    retry: 'backoff',
  },
  CONNECTION_LOST: {
    text: 'the connection to {address} was lost: {reason}',
    blame: 'external',
    retry: 'backoff',
  },
  TIMEOUT: {
    text: '{api} was not answered by {address} within {timeoutMs} ms',
    blame: 'external',
    retry: 'backoff',
  },
  UNSUPPORTED: {
    text: '{address} serves {api} in versions {theirs}, this client speaks {ours}',
    hint: 'The broker is too old or too new for this.',
    blame: 'external',
    retry: 'never',
  },
  AUTHENTICATION: {
    text: '{address} does not accept the login: {reason}',
    blame: 'user',
    retry: 'never',
  },
  BAD_RESPONSE: {
    text: '{address} answers {api} with something that is no answer: {reason}',
    blame: 'external',
    retry: 'backoff',
  },
  REFUSED: {
    text: '{what}: {message} ({name})',
    blame: 'external',
    retry: 'never',
  },
  NOT_NOW: {
    text: '{what}: {message} ({name})',
    blame: 'external',
    retry: 'backoff',
  },
  FENCED: {
    text: 'another producer with the transactional id {transactionalId} has taken over',
    blame: 'external',
    retry: 'never',
  },
  NOT_DELIVERED: {
    text: 'records for {topic}/{partition} could not be delivered within {timeoutMs} ms: {reason}',
    blame: 'external',
    retry: 'backoff',
  },
  CLOSED: { text: 'the Kafka client is closed', blame: 'internal', retry: 'never' },
})

const fencing: ReadonlySet<number> = new Set([kafkaError.PRODUCER_FENCED, kafkaError.INVALID_PRODUCER_EPOCH])

/** The error for a code of a broker. `what` says what was refused; `detail` is the sentence of the broker, if it sent one. */
export function refusal(code: number, what: string, detail?: string | null): Error {
  const context = { what, code, name: kafkaErrorName(code), message: detail || kafkaErrorMessage(code) }
  return kafkaErrors.create(isRetriable(code) ? 'NOT_NOW' : 'REFUSED', context)
}

/** Throws for a code other than 0. */
export function expectNone(code: number, what: string, detail?: string | null): void {
  if (code !== kafkaError.NONE) throw refusal(code, what, detail)
}

/** The code of a broker behind an error; undefined for errors of other kinds. */
export function codeOf(error: unknown): number | undefined {
  if (!kafkaErrors.is(error, 'REFUSED') && !kafkaErrors.is(error, 'NOT_NOW')) return undefined
  return error.context.code as number
}

/** Whether a code says that a newer producer has taken over. */
export const isFencing = (code: number): boolean => fencing.has(code)
