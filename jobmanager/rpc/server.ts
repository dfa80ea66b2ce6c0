/**
 * The gRPC server. Listens on loopback only unless told otherwise; refuses callers of another protocol version with a
 * sentence, whatever they call.
 */
import {
  Metadata,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerMethodDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { systemClock } from '../../core/platform/clock.ts'
import { clientMethods } from '../../proto/generated/services.ts'
import { grpcOptions } from '../../proto/rpc/channel.ts'
import { protocolKey, rpcErrors, toServiceError, versionKey } from '../../proto/rpc/errors.ts'
import { packageVersion, protocolVersion } from '../../proto/rpc/version.ts'
import { errors } from '../errors.ts'
import { tolerantControlMethods } from './control-service.ts'
import { startingServices, switching } from './standby-service.ts'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly allowInsecure: boolean
  readonly messageBytesMax: number
}

export interface Services {
  readonly control: UntypedServiceImplementation
  readonly client: UntypedServiceImplementation
}

export interface RpcServer {
  readonly port: number
  close(): Promise<void>
}

const closeGraceMs = 500

/**
 * Takes the port, then asks for the services: whoever has the port is the only one that touches the job store.
 * Throws JOBMANAGER_PORT_IN_USE, JOBMANAGER_INSECURE_ADDRESS, JOBMANAGER_CANNOT_LISTEN.
 */
export async function startServer(
  options: ServerOptions,
  services: (port: number) => Services | Promise<Services>,
): Promise<RpcServer> {
  const { host, port, allowInsecure, messageBytesMax } = options
  if (!isLoopback(host) && !allowInsecure) throw errors.create('INSECURE_ADDRESS', { host })
  const server = new Server({ ...grpcOptions(messageBytesMax), interceptors: [checkProtocol] })
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      `${host.includes(':') ? `[${host}]` : host}:${port}`,
      ServerCredentials.createInsecure(),
      (error, found) => {
        if (error === null) resolve(found)
        else if (/EADDRINUSE/.test(error.message))
          reject(errors.create('PORT_IN_USE', { host, port }, { cause: error }))
        else reject(errors.create('CANNOT_LISTEN', { host, port, reason: error.message }, { cause: error }))
      },
    )
  })
  // Whoever calls before that is told to come again; without any service it would be told that this is no JobManager.
  let implemented: Services | undefined
  const { control, client } = switching(() => implemented ?? startingServices(`${host}:${bound}`))
  server.addService(tolerantControlMethods, control)
  server.addService(clientMethods, client)
  try {
    implemented = await services(bound)
  } catch (error) {
    server.forceShutdown()
    throw error
  }
  return {
    port: bound,
    close: () =>
      new Promise((resolve) => {
        const force = systemClock.setTimeout(() => server.forceShutdown(), closeGraceMs)
        server.tryShutdown(() => {
          systemClock.clearTimeout(force)
          resolve()
        })
      }),
  }
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host === '[::1]' || /^127(\.\d{1,3}){3}$/.test(host)
}

function checkProtocol<Request, Response>(
  _method: ServerMethodDefinition<Request, Response>,
  call: ServerInterceptingCallInterface,
): ServerInterceptingCall {
  return new ServerInterceptingCall(call, {
    start(next) {
      next({
        onReceiveMetadata(metadata, pass) {
          const theirs = String(metadata.get(protocolKey)[0] ?? 'unknown')
          if (theirs === String(protocolVersion)) {
            pass(metadata)
            return
          }
          const theirVersion = String(metadata.get(versionKey)[0] ?? 'unknown')
          const versions = { theirs, theirVersion, ours: protocolVersion, ourVersion: packageVersion }
          const error = rpcErrors.create('PROTOCOL_MISMATCH', { who: `the caller at ${call.getPeer()}`, ...versions })
          call.sendStatus(toServiceError(error, new Metadata()) as Parameters<typeof call.sendStatus>[0])
        },
      })
    },
  })
}
