/**
 * Answers of S3 that are outcomes, and the rest as errors of storage that say what to do. The SDK has tried again by itself
 * before anything comes here.
 */
import { isMillraceError, type MillraceError } from '../../errors.ts'
import { errors } from '../errors.ts'

interface ServiceFailure {
  readonly name: string
  readonly message: string
  readonly code?: string
  readonly $metadata?: { readonly httpStatusCode?: number; readonly attempts?: number }
}

const failure = (error: unknown): ServiceFailure | undefined =>
  error instanceof Error ? (error as unknown as ServiceFailure) : undefined

const status = (error: unknown): number | undefined => failure(error)?.$metadata?.httpStatusCode

/** The object is not there. A missing bucket is not meant. */
export const isMissing = (error: unknown): boolean => status(error) === 404 && failure(error)?.name !== 'NoSuchBucket'

/** The condition of a write did not hold. */
export const isRefused = (error: unknown): boolean => status(error) === 412

/** Two conditional writes met; neither may have taken effect, try again. */
export const isConflict = (error: unknown): boolean => status(error) === 409

/** The range of a read begins behind the end. */
export const isBeyondEnd = (error: unknown): boolean => status(error) === 416

/** True when no earlier try of the same request can have taken effect unseen. */
export const wasFirstTry = (error: unknown): boolean => (failure(error)?.$metadata?.attempts ?? 2) <= 1

export interface FailedAction {
  readonly action: 'read' | 'write' | 'list' | 'delete'
  readonly path: string
  readonly bucket: string
  readonly endpoint: string
}

const credentialNames = new Set([
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'ExpiredToken',
  'InvalidToken',
  'TokenRefreshRequired',
  'CredentialsProviderError',
])
/** Something answers, and it is not S3: it speaks no TLS, or no HTTP. */
const strangerCodes = /^(EPROTO$|HPE_|ERR_SSL_|ERR_TLS_)/
const unreachableCodes = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'])

export function s3Failure(error: unknown, failed: FailedAction): MillraceError | unknown {
  if (isMillraceError(error)) return error
  const said = failure(error)
  if (said === undefined) return error
  const { action, path, bucket, endpoint } = failed
  const options = { cause: error }
  const reason = said.message
  if (said.name === 'NoSuchBucket') return errors.create('NO_BUCKET', { bucket, endpoint }, options)
  if (reason === 'Region is missing') return errors.create('S3_NO_REGION', { bucket }, options)
  if (credentialNames.has(said.name)) return errors.create('S3_CREDENTIALS', { bucket, reason }, options)
  if (said.name === 'PermanentRedirect' || said.name === 'AuthorizationHeaderMalformed' || status(error) === 301)
    return errors.create('S3_REGION', { bucket, reason }, options)
  if (status(error) === 403) return errors.create('S3_DENIED', { action, path, bucket }, options)
  if (said.code !== undefined && unreachableCodes.has(said.code))
    return errors.create('S3_UNREACHABLE', { endpoint, reason }, options)
  if (said.code !== undefined && strangerCodes.test(said.code))
    return errors.create('S3_STRANGER', { endpoint, reason: firstLine(reason) }, options)
  if (said.name === 'TimeoutError') return errors.create('S3_SILENT', { endpoint, action, path, bucket }, options)
  // The answer to a HEAD has no body, so nobody says what was wrong.
  const bare = said.name.startsWith('Unknown') ? status(error) : undefined
  if (bare === 400) {
    const why = 'HTTP 400 without a reason, as an expired token and a wrong s3.region are answered'
    return errors.create('S3_CREDENTIALS', { bucket, reason: why }, options)
  }
  const named = said.name === reason || said.name === 'Error' ? reason : `${said.name}: ${reason}`
  const why = bare === undefined ? firstLine(named) : `HTTP ${bare} without a reason`
  return errors.create('S3_FAILED', { action, path, bucket, reason: why }, options)
}

const firstLine = (text: string): string => text.trim().split('\n', 1)[0] ?? ''
