/**
 * The port at which a process says how it is: `/livez` answers as long as its control thread does, `/readyz` tells whether
 * work may be sent here (and why not), `/metrics` is for Prometheus. It listens before the process has started, which may
 * take long, and until it has ended.
 *
 * Concurrency: the control thread of its process. It reads, and changes nothing; a failure here fails nothing else.
 */
import { createMetrics, type ReadableMetrics } from '../metrics.ts'
import { createHttpServer, type HttpAnswer } from '../platform/http.ts'
import type { AddressInfo } from '../platform/net.ts'
import { monitorErrors } from './errors.ts'

/** What a process that runs can say. */
export interface Monitored {
  readonly metrics: ReadableMetrics
  /** Why no work should be sent here at present; undefined when it is ready. */
  unready(): string | undefined
}

export interface MonitorOptions {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
  readonly allowInsecure: boolean
  /** Of the process, as labels of `millrace_build_info`. */
  readonly role: string
  readonly version: string
  failed(error: unknown): void
}

export interface Monitor {
  readonly host: string
  readonly port: number
  /** The process has started: what it says counts from now on. */
  started(target: Monitored): void
  /** The process is about to end: it is not ready any more. */
  stopping(): void
  close(): Promise<void>
}

const plain = (status: number, text: string): HttpAnswer => ({
  status,
  contentType: 'text/plain; charset=utf-8',
  body: `${text}\n`,
})

/** Throws MONITOR_PORT_IN_USE, MONITOR_CANNOT_LISTEN, MONITOR_INSECURE_ADDRESS. */
export async function startMonitor(options: MonitorOptions): Promise<Monitor> {
  const { host, port, allowInsecure, role, version, failed } = options
  if (!isLoopback(host) && !allowInsecure) throw monitorErrors.create('INSECURE_ADDRESS', { host })
  let target: Monitored | undefined
  let phase: 'starting' | 'started' | 'stopping' = 'starting'
  const own = createMetrics({ process: true })
  own
    .gauge({ name: 'millrace_build_info', help: 'Always 1; the labels say what runs.', labels: ['role', 'version'] })
    .set(1, { role, version })
  const ready = own.gauge({ name: 'millrace_ready', help: '1 when /readyz says yes.' })

  const unready = (): string | undefined =>
    target === undefined || phase !== 'started' ? `the ${role} is ${phase}` : target.unready()
  const answer = async (path: string): Promise<HttpAnswer> => {
    switch (path) {
      case '/livez':
        return plain(200, 'ok')
      case '/readyz': {
        const reason = unready()
        return reason === undefined ? plain(200, 'ok') : plain(503, reason)
      }
      case '/metrics': {
        ready.set(unready() === undefined ? 1 : 0)
        const texts = [await own.text(), (await target?.metrics.text()) ?? '']
        return { status: 200, contentType: own.contentType, body: texts.join('') }
      }
      default:
        return plain(404, 'there are /livez, /readyz and /metrics')
    }
  }
  const server = createHttpServer(answer, failed)
  const bound = await new Promise<number>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const reason = error.message
      if (error.code === 'EADDRINUSE') reject(monitorErrors.create('PORT_IN_USE', { host, port }, { cause: error }))
      else reject(monitorErrors.create('CANNOT_LISTEN', { host, port, reason }, { cause: error }))
    })
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port))
  })
  server.removeAllListeners('error')
  server.on('error', failed)
  return {
    host,
    port: bound,
    started(given) {
      target = given
      phase = 'started'
    },
    stopping() {
      phase = 'stopping'
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)
}
