/**
 * One connection to a JobManager: messages both ways in order, and the end of it, once. Over gRPC here; what the link does
 * with it is link.ts.
 */
import type { ClientDuplexStream } from '@grpc/grpc-js'
import { controlMethods } from '../../proto/generated/services.ts'
import type { FromTaskManager, ToTaskManager } from '../../proto/generated/shapes.ts'
import { Channel } from '../../proto/rpc/channel.ts'
import { fromServiceError } from '../../proto/rpc/errors.ts'
import type { ChannelTls } from '../../proto/rpc/tls.ts'

export interface ControlConnection {
  /** Messages that were sent and have not left yet. */
  readonly waiting: number
  /** To be called once, first. */
  listen(message: (message: ToTaskManager) => void, ended: (error: Error) => void): void
  send(message: FromTaskManager): void
  /** Throws coded errors. */
  fetchBundle(bundleId: string): Promise<Uint8Array>
  /** What was sent still goes out. */
  end(): void
  /** At once. */
  drop(): void
}

/** Where another JobManager may have taken over, one that hangs must be found out. A busy machine is no reason to leave. */
const pingMs = 4000

/** `several`: there may be other JobManagers. */
export function connectByGrpc(
  address: string,
  several: boolean,
  messageBytesMax: number,
  tls?: ChannelTls,
): ControlConnection {
  // A new channel each time: it tries at once instead of sitting out a pause of its own.
  const channel = new Channel(address, messageBytesMax, several ? pingMs : undefined, tls)
  const stream: ClientDuplexStream<FromTaskManager, ToTaskManager> = channel.duplex(controlMethods.connect)
  return {
    get waiting() {
      return stream.writableLength
    },
    listen(message, ended) {
      stream.on('data', message)
      stream.on('error', (error) => ended(fromServiceError(error, address)))
      stream.on('end', () => ended(new Error('the JobManager ended the connection')))
    },
    send: (message) => void stream.write(message),
    async fetchBundle(bundleId) {
      const pieces: Uint8Array[] = []
      for await (const { data } of channel.serverStream(controlMethods.fetchBundle, { bundleId })) pieces.push(data)
      return Buffer.concat(pieces)
    },
    end() {
      stream.end()
      channel.close()
    },
    drop() {
      stream.cancel()
      channel.close()
    },
  }
}
