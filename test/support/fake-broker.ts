/** A broker that says what a test tells it to. */
import { type Server, type Socket, systemNetwork } from '../../core/platform/net.ts'
import type { ResponseOf } from '../../proto/kafka/apis.ts'
import { writeResponse } from '../../proto/kafka/frame.ts'
import { KafkaWriter } from '../../proto/kafka/writer.ts'

const servers: Server[] = []
const writer = new KafkaWriter()

export interface Asked {
  readonly key: number
  readonly version: number
  readonly id: number
}

/** A broker that answers whole requests as `answer` says, until `closeBrokers`. Gives its port. */
export function broker(answer: (asked: Asked, socket: Socket) => void): Promise<number> {
  const server = systemNetwork.createServer({}, (socket) => {
    socket.on('error', () => socket.destroy())
    socket.on('data', (chunk: Buffer) => {
      for (let at = 0; at < chunk.length; at += 4 + chunk.readInt32BE(at)) {
        const [key, version] = [chunk.readInt16BE(at + 4), chunk.readInt16BE(at + 6)]
        answer({ key, version, id: chunk.readInt32BE(at + 8) }, socket)
      }
    })
  })
  servers.push(server)
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
  })
}

export function closeBrokers(): void {
  for (const server of servers.splice(0)) server.close()
}

export const versions = (
  errorCode: number,
  apiKeys: ResponseOf<'ApiVersions'>['apiKeys'],
): ResponseOf<'ApiVersions'> => ({
  errorCode,
  apiKeys,
  throttleTimeMs: 0,
  supportedFeatures: [],
  finalizedFeaturesEpoch: -1,
  finalizedFeatures: [],
  zkMigrationReady: false,
})

export const send = (socket: Socket, parts: readonly Buffer[]): void => void socket.write(Buffer.concat(parts))

/** Answers ApiVersions. */
export const welcoming =
  (serving: ResponseOf<'ApiVersions'>['apiKeys']) =>
  ({ id, version }: Asked, socket: Socket): void =>
    send(socket, writeResponse(writer, 'ApiVersions', version, id, versions(0, serving)))
