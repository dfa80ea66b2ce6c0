/**
 * HTTP servers that answer GET: the one door to `node:http`. Bounded in connections, in the size of requests and in the time
 * that a client may take, because whoever reaches the port may connect. A function that throws is an answer of 500.
 */
import { createServer, type Server } from 'node:http'

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

const connectionsMax = 64
const requestTimeoutMs = 10_000

/** A server that has not begun to listen. `answer` gets the path without its query; `failed` hears what it throws. */
export function createHttpServer(
  answer: (path: string) => Promise<HttpAnswer>,
  failed: (error: unknown) => void,
): Server {
  const settings = { requestTimeout: requestTimeoutMs, headersTimeout: requestTimeoutMs, keepAliveTimeout: 5000 }
  const server = createServer(settings, (request, response) => {
    const send = ({ status, contentType, body }: HttpAnswer): void => {
      response.writeHead(status, {
        'content-type': contentType,
        'content-length': Buffer.byteLength(body),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
      })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const plain = (status: number, body: string): void =>
      send({ status, contentType: 'text/plain; charset=utf-8', body: `${body}\n` })
    request.resume()
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.setHeader('allow', 'GET, HEAD')
      plain(405, 'GET and HEAD only')
      return
    }
    const path = (request.url ?? '/').replace(/[?#].*$/, '')
    answer(path).then(send, (error: unknown) => {
      failed(error)
      plain(500, 'this could not be answered; the reason is in the log')
    })
  })
  server.maxConnections = connectionsMax
  return server
}
