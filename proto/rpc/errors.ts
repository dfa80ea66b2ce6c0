/**
 * Coded errors across gRPC. The server puts the whole error into the metadata of the call; the client throws it again.
 * Failures of the transport itself become errors of the room RPC.
 */
import { type Metadata, type ServiceError, status } from '@grpc/grpc-js'
import {
  defineErrors,
  errorFromWire,
  errorToWire,
  isMillraceError,
  type MillraceError,
  type WireError,
} from '../../core/errors.ts'

export const rpcErrors = defineErrors('RPC', {
  NO_JOBMANAGER: {
    text: 'there is no JobManager at {address}',
    hint: 'Start one with: millrace start --role jobmanager. Or name another with -m host:port.',
    blame: 'external',
    retry: 'backoff',
  },
  BAD_ADDRESS: {
    text: '"{address}" is not host:port',
    hint: 'Several JobManagers are separated by commas: host:6123,host:6124',
    blame: 'user',
    retry: 'never',
  },
  CONNECTION_LOST: {
    text: 'the connection to the JobManager at {address} was lost',
    hint: 'Whether the last request took effect is unknown. Jobs go on: millrace list',
    blame: 'external',
    retry: 'backoff',
  },
  PROTOCOL_MISMATCH: {
    text: '{who} speaks protocol {theirs} (version {theirVersion}) and this JobManager speaks protocol {ours} (version {ourVersion})',
    hint: 'Run the same version of millrace everywhere.',
    blame: 'user',
    retry: 'never',
  },
  VERSION_MISMATCH: {
    text: 'TaskManager {id} runs millrace {theirVersion} and this JobManager runs {ourVersion}',
    hint: 'Run the same version of millrace on all JobManagers and TaskManagers.',
    blame: 'user',
    retry: 'never',
  },
  HUNG_UP: {
    text: 'what listens at {address} closes the connection without an answer',
    hint: 'Perhaps it speaks TLS: then this side must, too (security.ssl.internal.* in the cluster, security.ssl.client.* of a client).',
    blame: 'external',
    retry: 'backoff',
  },
  NO_TLS: {
    text: 'what listens at {address} does not speak TLS',
    hint: 'A JobManager does with security.ssl.internal.enabled.',
    blame: 'external',
    retry: 'backoff',
  },
  NOT_TRUSTED: {
    text: 'the certificate of the JobManager at {address} is not trusted: {reason}',
    hint: 'It must be signed by security.ssl.client.ca (of a client) or security.ssl.internal.ca (of a TaskManager), and be valid now.',
    blame: 'external',
    retry: 'backoff',
  },
  WRONG_NAME: {
    text: 'the certificate of the JobManager at {address} is for others: {reason}',
    hint: 'Call it by a name that the certificate has, or give the certificate that name. Without the check: security.ssl.client.verify-hostname=false.',
    blame: 'external',
    retry: 'backoff',
  },
  CERTIFICATE_REFUSED: {
    text: 'the JobManager at {address} did not let this process in: {reason}',
    hint: 'A client shows security.ssl.client.cert, signed by security.ssl.internal.ca or security.ssl.client.trusted-ca of the JobManager.',
    blame: 'external',
    retry: 'backoff',
  },
  NOT_OF_THE_CLUSTER: {
    text: '{who} wants to act as a TaskManager, and its certificate is not one of the cluster: {reason}',
    hint: 'TaskManagers have certificates that are signed by security.ssl.internal.ca; those of clients do not count.',
    blame: 'external',
    retry: 'backoff',
  },
  CODE_CUT: {
    text: 'the JobManager did not send all of the code of {job}',
    hint: 'Try again; if it happens again, look at the log of the JobManager.',
    blame: 'external',
    retry: 'now',
  },
  NOT_MILLRACE: {
    text: 'what listens at {address} is not a JobManager of this version: {reason}',
    hint: 'Is it the port of a JobManager (jobmanager.rpc.port), and of the same version as this program?',
    blame: 'user',
    retry: 'never',
  },
  MESSAGE_TOO_LARGE: {
    text: 'a message between processes is larger than {limit} bytes',
    hint: 'Raise rpc.max-message-size on every process.',
    blame: 'user',
    retry: 'never',
  },
  FAILED: { text: 'the JobManager at {address} answered: {reason}', blame: 'internal', retry: 'never' },
})

/** Whether no answer came because nobody is there, or the one who was is gone: soon there may be one again. */
export function isAway(error: unknown): boolean {
  return (
    isMillraceError(error, 'RPC_NO_JOBMANAGER') || isMillraceError(error, 'RPC_CONNECTION_LOST') || isUnreached(error)
  )
}

/** Whether the call certainly did not take effect, because no connection was made. */
export function isUnreached(error: unknown): boolean {
  return isMillraceError(error, 'RPC_NO_JOBMANAGER') || isMillraceError(error, 'RPC_HUNG_UP')
}

const errorKey = 'millrace-error-bin'
export const protocolKey = 'millrace-protocol'
export const versionKey = 'millrace-version'

/** Stacks and causes of a foreign process are for its log; headers have little room. */
const textMax = 2000

function short(wire: WireError, depth = 0): WireError {
  const { stack: _, cause, ...rest } = wire
  const cut = (text: string): string => (text.length > textMax ? `${text.slice(0, textMax)}…` : text)
  return {
    ...rest,
    message: cut(rest.message),
    ...(cause !== undefined && depth < 2 ? { cause: short(cause, depth + 1) } : {}),
  }
}

/** What a gRPC handler answers a failed call with. Writes the error into `metadata`. */
export function toServiceError(error: unknown, metadata: Metadata): Partial<ServiceError> {
  const wire = short(errorToWire(error))
  metadata.set(errorKey, Buffer.from(JSON.stringify(wire)))
  return { code: statusOf(error), details: wire.message.slice(0, 500), metadata }
}

function statusOf(error: unknown): status {
  if (!isMillraceError(error)) return status.INTERNAL
  if (/_NO_SUCH_|_NOT_FOUND$/.test(error.code)) return status.NOT_FOUND
  if (/_MISMATCH$/.test(error.code)) return status.FAILED_PRECONDITION
  if (error.retry === 'backoff' && error.blame === 'external') return status.UNAVAILABLE
  return error.blame === 'user' ? status.FAILED_PRECONDITION : status.INTERNAL
}

/** The coded error behind a failed call to `address`. */
export function fromServiceError(error: unknown, address: string): MillraceError {
  if (isMillraceError(error)) return error
  const failed = error as Partial<ServiceError>
  const sent = failed.metadata?.get(errorKey)[0]
  if (sent instanceof Uint8Array) {
    const wire = parseWire(Buffer.from(sent).toString('utf8'))
    if (wire !== undefined) return errorFromWire(wire)
  }
  const reason = failed.details ?? failed.message ?? String(error)
  const cause = { cause: error }
  if (failed.code === status.UNAVAILABLE) {
    const secured = ofHandshake(reason, address, cause)
    if (secured !== undefined) return secured
    const refused = /No connection established|ECONNREFUSED|ENOTFOUND|EAI_AGAIN|Name resolution|ETIMEDOUT/.test(reason)
    return rpcErrors.create(refused ? 'NO_JOBMANAGER' : 'CONNECTION_LOST', { address }, cause)
  }
  if (failed.code === status.DEADLINE_EXCEEDED) return rpcErrors.create('NO_JOBMANAGER', { address }, cause)
  if (failed.code === status.RESOURCE_EXHAUSTED) {
    return rpcErrors.create('MESSAGE_TOO_LARGE', { limit: /\((\d+) vs/.exec(reason)?.[1] ?? reason }, cause)
  }
  if (failed.code === status.UNIMPLEMENTED) return rpcErrors.create('NOT_MILLRACE', { address, reason }, cause)
  return rpcErrors.create('FAILED', { address, reason }, cause)
}

/** What OpenSSL and Node say of a handshake that failed, as far as it is known. */
function ofHandshake(reason: string, address: string, cause: { cause: unknown }): MillraceError | undefined {
  if (!reason.startsWith('No connection established')) return undefined
  if (/wrong version number|packet length too long|http request/i.test(reason))
    return rpcErrors.create('NO_TLS', { address }, cause)
  const alert = /alert ([a-z ]+?)(?::|$)/.exec(reason)?.[1]
  if (alert !== undefined)
    return rpcErrors.create('CERTIFICATE_REFUSED', { address, reason: alerts[alert] ?? `it says "${alert}"` }, cause)
  const name = /Hostname\/IP does not match certificate's altnames: (.*?)(?:\. Resolution note|$)/s.exec(reason)?.[1]
  if (name !== undefined) return rpcErrors.create('WRONG_NAME', { address, reason: name.replace(/[:\s]+$/, '') }, cause)
  const untrusted = /Last error: Error: ([^.]*certificate[^.(]*)/.exec(reason)
  if (untrusted !== null) return rpcErrors.create('NOT_TRUSTED', { address, reason: untrusted[1] }, cause)
  // Which of these it is depends on what comes first, the end of the connection or the reason for it.
  const ended = /Last error: .*(Failed to connect|ECONNRESET|EPIPE|socket hang up|disconnected before secure)/
  return ended.test(reason) ? rpcErrors.create('HUNG_UP', { address }, cause) : undefined
}

const alerts: Readonly<Record<string, string>> = {
  'certificate required': 'it wants a certificate, and none was shown',
  'unknown ca': 'the certificate is signed by somebody it does not know',
  'certificate expired': 'the certificate has expired',
  'bad certificate': 'it does not take the certificate',
}

function parseWire(json: string): WireError | undefined {
  try {
    const wire = JSON.parse(json) as Partial<WireError>
    return typeof wire.code === 'string' && typeof wire.message === 'string' ? (wire as WireError) : undefined
  } catch {
    // Not written by us: the status of the call has to do.
    return undefined
  }
}
