/**
 * S3 in memory, in this process, that fails as it is told: answers 500 or SlowDown, takes a request and loses the answer,
 * breaks off bodies, stalls, lists out of order, ignores conditions. It checks no signatures.
 */
import { createHash } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export type S3Fault =
  | 'error'
  | 'slow-down'
  /** Done, but the connection breaks before the answer. */
  | 'lost-success'
  /** Half of the body, then the end. */
  | 'short-read'
  /** Nothing is answered. */
  | 'stall'
  /** Temporary credentials are over. */
  | 'expired'
  | 'denied'
  | 'no-bucket'

export interface FaultyS3Options {
  /** Asked for each request, in their order. */
  fault?(request: { readonly method: string; readonly key: string; readonly number: number }): S3Fault | undefined
  readonly ignoresConditions?: boolean
  /** Entries of a listing on one page. */
  readonly pageSize?: number
}

interface StoredObject {
  readonly bytes: Buffer
  readonly tag: string
  readonly writer: string | undefined
}

interface Upload {
  readonly writer: string | undefined
  readonly parts: Map<number, Buffer>
}

export class FaultyS3 {
  readonly objects = new Map<string, StoredObject>()
  readonly uploads = new Map<string, Upload>()
  requests = 0
  #options: FaultyS3Options
  readonly #server: Server

  private constructor(options: FaultyS3Options) {
    this.#options = options
    this.#server = createServer((request, response) => void this.#serve(request, response))
  }

  static async start(options: FaultyS3Options = {}): Promise<FaultyS3> {
    const s3 = new FaultyS3(options)
    await new Promise<void>((resolve) => s3.#server.listen(0, '127.0.0.1', resolve))
    return s3
  }

  /** Options of ours that reach it; few and quick tries. */
  get settings(): Readonly<Record<string, string>> {
    return {
      's3.endpoint': `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      's3.path.style.access': 'true',
      's3.access-key': 'test',
      's3.secret-key': 'test',
      's3.timeout': '2s',
      's3.attempts': '5',
    }
  }

  configure(options: FaultyS3Options): void {
    this.#options = options
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise<void>((resolve) => this.#server.close(() => resolve()))
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = []
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer)
    } catch {
      return
    }
    const url = new URL(request.url ?? '/', 'http://s3')
    const [, bucket = '', ...rest] = decodeURIComponent(url.pathname).split('/')
    const key = `${bucket}/${rest.join('/')}`
    const method = request.method ?? ''
    const fault = this.#options.fault?.({ method, key, number: ++this.requests })
    if (fault === 'stall') return
    if (fault === 'error') return void answer(response, 500, failure('InternalError'))
    if (fault === 'slow-down') return void answer(response, 503, failure('SlowDown'))
    if (fault === 'expired') return void answer(response, 400, failure('ExpiredToken'))
    if (fault === 'denied') return void answer(response, 403, failure('AccessDenied'))
    if (fault === 'no-bucket') return void answer(response, 404, failure('NoSuchBucket'))
    const done = this.#done(method, key, url, request, Buffer.concat(chunks))
    if (fault === 'lost-success') return void request.socket.destroy()
    if (fault === 'short-read' && done.body.length > 1) {
      response.writeHead(done.status, { ...done.headers, 'content-length': done.body.length })
      response.write(done.body.subarray(0, done.body.length >> 1), () => request.socket.destroy())
      return
    }
    answer(response, done.status, done)
  }

  #done(method: string, key: string, url: URL, request: IncomingMessage, body: Buffer): Answer {
    const writer = request.headers['x-amz-meta-millrace-writer'] as string | undefined
    const upload = url.searchParams.get('uploadId')
    const condition = { none: request.headers['if-none-match'], match: request.headers['if-match'] }
    switch (method) {
      case 'PUT':
        if (upload !== null) return this.#part(upload, Number(url.searchParams.get('partNumber')), body)
        return this.#store(key, { bytes: body, tag: tagOf(body), writer }, condition)
      case 'POST': {
        if (url.searchParams.has('uploads')) {
          const id = `upload-${this.requests}`
          this.uploads.set(id, { writer, parts: new Map() })
          return ok(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`)
        }
        const open = this.uploads.get(upload ?? '')
        if (open === undefined) return failure('NoSuchUpload', 404)
        const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map((match) => Number(match[1]))
        const bytes = Buffer.concat(numbers.map((number) => open.parts.get(number) ?? Buffer.alloc(0)))
        const stored = this.#store(key, { bytes, tag: tagOf(bytes), writer: open.writer }, condition)
        if (stored.status === 200) this.uploads.delete(upload ?? '')
        return stored.status === 200 ? ok('<CompleteMultipartUploadResult></CompleteMultipartUploadResult>') : stored
      }
      case 'DELETE':
        if (upload === null) this.objects.delete(key)
        else this.uploads.delete(upload)
        return { status: 204, headers: {}, body: Buffer.alloc(0) }
      default:
        return url.searchParams.has('list-type') ? this.#list(key, url) : this.#read(key, request.headers.range)
    }
  }

  #part(upload: string, number: number, body: Buffer): Answer {
    this.uploads.get(upload)?.parts.set(number, body)
    return { status: 200, headers: { etag: tagOf(body) }, body: Buffer.alloc(0) }
  }

  #store(
    key: string,
    object: StoredObject,
    condition: { readonly none: string | undefined; readonly match: string | undefined },
  ): Answer {
    const held = this.objects.get(key)
    if (this.#options.ignoresConditions !== true) {
      if (condition.none !== undefined && held !== undefined) return failure('PreconditionFailed', 412)
      if (condition.match !== undefined && held === undefined) return failure('NoSuchKey', 404)
      if (condition.match !== undefined && held?.tag !== condition.match) return failure('PreconditionFailed', 412)
    }
    this.objects.set(key, object)
    return { status: 200, headers: { etag: object.tag }, body: Buffer.alloc(0) }
  }

  #read(key: string, range: string | undefined): Answer {
    const object = this.objects.get(key)
    if (object === undefined) return failure('NoSuchKey', 404)
    const headers = { etag: object.tag, ...(object.writer && { 'x-amz-meta-millrace-writer': object.writer }) }
    const asked = /^bytes=(\d+)-(\d+)$/.exec(range ?? '')
    if (asked === null) return { status: 200, headers, body: object.bytes }
    const from = Number(asked[1])
    if (from >= object.bytes.length) return failure('InvalidRange', 416)
    return { status: 206, headers, body: object.bytes.subarray(from, Number(asked[2]) + 1) }
  }

  /** The order of a listing is not to be relied upon: this one goes backwards. */
  #list(bucket: string, url: URL): Answer {
    const prefix = bucket + (url.searchParams.get('prefix') ?? '')
    const names = [...this.objects.keys()].filter((name) => name.startsWith(prefix)).sort((a, b) => (a < b ? 1 : -1))
    const from = Number(url.searchParams.get('continuation-token') ?? 0)
    const to = from + (this.#options.pageSize ?? 1000)
    const entries = names.slice(from, to).map((name) => {
      const size = this.objects.get(name)?.bytes.length
      const when = '2026-01-01T00:00:00.000Z'
      const key = name.slice(bucket.length)
      return `<Contents><Key>${key}</Key><Size>${size}</Size><LastModified>${when}</LastModified></Contents>`
    })
    const more = to < names.length ? `<NextContinuationToken>${to}</NextContinuationToken>` : ''
    const truncated = `<IsTruncated>${to < names.length}</IsTruncated>`
    return ok(`<ListBucketResult>${truncated}${more}${entries.join('')}</ListBucketResult>`)
  }
}

interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const tagOf = (bytes: Buffer): string => `"${createHash('md5').update(bytes).digest('hex')}"`

function xml(status: number, text: string): Answer {
  const body = Buffer.from(`<?xml version="1.0" encoding="UTF-8"?>\n${text}`)
  return { status, headers: { 'content-type': 'application/xml' }, body }
}

const ok = (text: string): Answer => xml(200, text)
const failure = (code: string, status = 500): Answer =>
  xml(status, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`)

function answer(response: ServerResponse, status: number, { headers, body }: Answer): void {
  response.writeHead(status, { ...headers, 'content-length': body.length })
  response.end(response.req.method === 'HEAD' ? undefined : body)
}
