/**
 * One S3 client per thread and settings. The SDK is large and loaded when the first request is made. It retries by itself:
 * pauses with jitter, and a budget over all requests, so that a service that is down is not drowned.
 */
import type { S3Client } from '@aws-sdk/client-s3'
import type { S3Settings } from './options.ts'

export type S3Sdk = typeof import('@aws-sdk/client-s3')

export interface OpenS3 {
  readonly sdk: S3Sdk
  readonly client: S3Client
}

const connectTimeoutMs = 5000
const clients = new Map<string, Promise<OpenS3>>()

export function openS3(settings: S3Settings): Promise<OpenS3> {
  const key = JSON.stringify(settings)
  let open = clients.get(key)
  if (open === undefined) {
    open = create(settings)
    clients.set(key, open)
  }
  return open
}

async function create(settings: S3Settings): Promise<OpenS3> {
  const sdk = await import('@aws-sdk/client-s3')
  const { endpoint, accessKey, secretKey, timeoutMs } = settings
  // Services other than Amazon's have no regions, but the signature wants one.
  const region = settings.region ?? (endpoint === undefined ? undefined : 'us-east-1')
  const client = new sdk.S3Client({
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(region === undefined ? {} : { region }),
    ...(accessKey === undefined || secretKey === undefined
      ? {}
      : { credentials: { accessKeyId: accessKey, secretAccessKey: secretKey } }),
    forcePathStyle: settings.pathStyle,
    retryMode: 'standard',
    maxAttempts: settings.attempts,
    // Our files carry checksums of their own, and not every service knows Amazon's.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: connectTimeoutMs,
      requestTimeout: timeoutMs,
      throwOnRequestTimeout: true,
      socketTimeout: timeoutMs,
    },
  })
  return { sdk, client }
}
