/** How S3 is reached. What is not set comes from where every AWS tool takes it: environment, profile, role of the machine. */
import { boolean, duration, integer, loadConfig, option, text, type ValueType } from '../../config/index.ts'
import { errors } from '../errors.ts'

/** A URL of http or https. */
function serviceUrl(): ValueType<string> {
  return {
    name: 'URL',
    parse: (value) => {
      const url = URL.canParse(value) ? new URL(value) : undefined
      if (url?.protocol === 'http:' || url?.protocol === 'https:') return value
      throw new Error(`"${value}" is not a URL such as https://s3.example.com:9000`)
    },
    format: (value) => value,
  }
}

export const s3Endpoint = option({
  key: 's3.endpoint',
  type: serviceUrl(),
  scope: 'cluster',
  doc: 'URL of the S3 service, for others than Amazon’s.',
})
export const s3Region = option({
  key: 's3.region',
  type: text(),
  scope: 'cluster',
  doc: 'Region of the buckets. Default: that of the environment, else us-east-1 when an endpoint is set.',
})
export const s3PathStyle = option({
  key: 's3.path.style.access',
  type: boolean(),
  default: false,
  scope: 'cluster',
  doc: 'The bucket stands in the path and not in the host name, as most services but Amazon’s want it.',
})
export const s3AccessKey = option({
  key: 's3.access-key',
  type: text(),
  scope: 'cluster',
  doc: 'Access key. Better: leave it out, and let the environment or the role of the machine give credentials.',
})
export const s3SecretKey = option({
  key: 's3.secret-key',
  type: text(),
  scope: 'cluster',
  doc: 'Secret of the access key.',
})
export const s3Attempts = option({
  key: 's3.attempts',
  type: integer({ min: 1, max: 100 }),
  default: 8,
  scope: 'cluster',
  doc: 'How often a request is tried before it fails, with growing pauses and jitter; a budget over all requests keeps retries from drowning a service that is down.',
})
export const s3Timeout = option({
  key: 's3.timeout',
  type: duration(),
  default: 30_000,
  scope: 'cluster',
  doc: 'A try fails when nothing is heard for so long.',
})
export const s3Parallel = option({
  key: 's3.parallel-parts',
  type: integer({ min: 1, max: 64 }),
  default: 4,
  scope: 'cluster',
  doc: 'Parts of one large object that are on their way at a time.',
})

export const s3Options = [
  s3Endpoint,
  s3Region,
  s3PathStyle,
  s3AccessKey,
  s3SecretKey,
  s3Attempts,
  s3Timeout,
  s3Parallel,
] as const

export interface S3Settings {
  readonly endpoint: string | undefined
  readonly region: string | undefined
  readonly pathStyle: boolean
  readonly accessKey: string | undefined
  readonly secretKey: string | undefined
  readonly attempts: number
  readonly timeoutMs: number
  readonly parallelParts: number
}

/** Settings from options by key; those that are not of S3 are passed over. Throws CONFIG_BAD_VALUE, STORAGE_S3_HALF_LOGIN. */
export function s3Settings(values: Readonly<Record<string, string>>): S3Settings {
  const own = s3Options.map((each) => each.key as string)
  const known = Object.fromEntries(Object.entries(values).filter(([key]) => own.includes(key)))
  const config = loadConfig(s3Options, [{ name: 'configuration', values: known }])
  const [accessKey, secretKey] = [config.get(s3AccessKey), config.get(s3SecretKey)]
  if ((accessKey === undefined) !== (secretKey === undefined)) {
    const [given, missing] = accessKey === undefined ? [s3SecretKey, s3AccessKey] : [s3AccessKey, s3SecretKey]
    throw errors.create('S3_HALF_LOGIN', { given: given.key, missing: missing.key })
  }
  return {
    endpoint: config.get(s3Endpoint),
    region: config.get(s3Region),
    pathStyle: config.get(s3PathStyle),
    accessKey,
    secretKey,
    attempts: config.get(s3Attempts),
    timeoutMs: config.get(s3Timeout),
    parallelParts: config.get(s3Parallel),
  }
}

let inUse: S3Settings | undefined

/** How this thread reaches S3: set once at its start, from the configuration of the process. */
export function useS3(settings: S3Settings): void {
  inUse = settings
}

export function s3InUse(): S3Settings {
  inUse ??= s3Settings({})
  return inUse
}
