/**
 * A gRPC connection as promises and async iterables. One `Channel` is one HTTP/2 connection to one JobManager; calls on it
 * may run at the same time. Every failure is a coded error.
 */

import {
  type ChannelOptions,
  Client,
  type ClientDuplexStream,
  type ClientReadableStream,
  credentials,
  logVerbosity,
  Metadata,
  setLogVerbosity,
} from '@grpc/grpc-js'
import { systemClock } from '../../core/platform/clock.ts'
import { fromServiceError, protocolKey, versionKey } from './errors.ts'
import type { Method } from './method.ts'
import { type ChannelTls, tlsOfChannel } from './tls.ts'
import { packageVersion, protocolVersion } from './version.ts'

// What goes wrong is thrown as a coded error; lines on standard error would say it twice.
setLogVerbosity(logVerbosity.NONE)

export const defaultMessageBytesMax = 64 * 1024 * 1024

/** Options of both ends. Pings find a peer whose machine is gone; a killed process closes its socket by itself. */
export function grpcOptions(messageBytesMax: number, pingMs = 20_000): ChannelOptions {
  return {
    'grpc.max_receive_message_length': messageBytesMax,
    'grpc.max_send_message_length': messageBytesMax,
    'grpc.keepalive_time_ms': pingMs,
    'grpc.keepalive_timeout_ms': Math.min(10_000, pingMs * 1.5),
    'grpc.keepalive_permit_without_calls': 1,
    'grpc.enable_channelz': 0,
    'grpc.enable_retries': 0,
    'grpc.max_metadata_size': 64 * 1024,
  }
}

export interface CallOptions {
  /** Milliseconds; absent: no limit. */
  readonly timeoutMs?: number
  /** Wait for the connection instead of failing when there is none. */
  readonly waitForReady?: boolean
}

export class Channel {
  readonly address: string
  readonly #client: Client

  /**
   * `address`: host:port. Connects at the first call. `pingMs`: how often to look whether the other end lives. `tls`: absent, the
   * connection is plain.
   */
  constructor(address: string, messageBytesMax: number = defaultMessageBytesMax, pingMs?: number, tls?: ChannelTls) {
    this.address = address
    const [secured, more] = tls === undefined ? [credentials.createInsecure(), {}] : tlsOfChannel(tls, address)
    this.#client = new Client(address, secured, {
      ...grpcOptions(messageBytesMax, pingMs),
      ...more,
      // Two clients of one process must not share the fate of one connection.
      'grpc.use_local_subchannel_pool': 1,
      'grpc.initial_reconnect_backoff_ms': 50,
      'grpc.min_reconnect_backoff_ms': 50,
      'grpc.max_reconnect_backoff_ms': 1000,
    })
  }

  unary<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
    options: CallOptions = {},
  ): Promise<Response> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        request,
        handshake(),
        callOptions(options),
        (error, response) => {
          if (error === null && response !== undefined) resolve(response)
          else reject(fromServiceError(error, this.address))
        },
      )
    })
  }

  /** Sends all of `requests`, then answers. */
  clientStream<Request, Response>(method: Method<Request, Response>, requests: Iterable<Request>): Promise<Response> {
    return new Promise((resolve, reject) => {
      const call = this.#client.makeClientStreamRequest(
        method.path,
        method.requestSerialize,
        method.responseDeserialize,
        handshake(),
        callOptions({}),
        (error, response) => {
          if (error === null && response !== undefined) resolve(response)
          else reject(fromServiceError(error, this.address))
        },
      )
      const iterator = requests[Symbol.iterator]()
      const pump = (): void => {
        for (;;) {
          const { done, value } = iterator.next()
          if (done === true) {
            call.end()
            return
          }
          if (!call.write(value)) {
            call.once('drain', pump)
            return
          }
        }
      }
      pump()
    })
  }

  /** Leaving the loop cancels the call. */
  async *serverStream<Request, Response>(
    method: Method<Request, Response>,
    request: Request,
  ): AsyncGenerator<Response, void, void> {
    const call: ClientReadableStream<Response> = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      request,
      handshake(),
      callOptions({}),
    )
    try {
      for await (const message of call) yield message as Response
    } catch (error) {
      throw fromServiceError(error, this.address)
    } finally {
      call.cancel()
    }
  }

  duplex<Request, Response>(method: Method<Request, Response>): ClientDuplexStream<Request, Response> {
    return this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize,
      handshake(),
      {},
    )
  }

  close(): void {
    this.#client.close()
  }
}

function handshake(): Metadata {
  const metadata = new Metadata()
  metadata.set(protocolKey, String(protocolVersion))
  metadata.set(versionKey, packageVersion)
  return metadata
}

function callOptions(options: CallOptions): { deadline?: number; waitForReady?: boolean } {
  return {
    ...(options.timeoutMs === undefined ? {} : { deadline: systemClock.now() + options.timeoutMs }),
    ...(options.waitForReady === true ? { waitForReady: true } : {}),
  }
}
