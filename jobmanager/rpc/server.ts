/**
 * The gRPC server. Without TLS and certificates of clients it listens on loopback only, unless told otherwise; refuses callers of
 * another protocol version with a sentence, whatever they call, and those that are none of the cluster's where TaskManagers call.
 */
import {
  Metadata,
  Server,
  ServerCredentials,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerMethodDefinition,
} from '@grpc/grpc-js'
import { systemClock } from '../../core/platform/clock.ts'
import type { TlsSource } from '../../core/tls/files.ts'
import { clientMethods } from '../../proto/generated/services.ts'
import { grpcOptions } from '../../proto/rpc/channel.ts'
import { protocolKey, rpcErrors, toServiceError, versionKey } from '../../proto/rpc/errors.ts'
import { ServerTls } from '../../proto/rpc/tls.ts'
import { packageVersion, protocolVersion } from '../../proto/rpc/version.ts'
import { errors } from '../errors.ts'
import { tolerantControlMethods } from './control-service.ts'
import { type Services, switching } from './services.ts'
import { startingServices } from './standby-service.ts'

export interface ServerOptions {
  readonly host: string
  readonly port: number
  readonly allowInsecure: boolean
  readonly messageBytesMax: number
  readonly tls?: RpcTls | undefined
}

export interface RpcTls {
  readonly source: TlsSource
  /** Whether clients show a certificate. TaskManagers always do. */
  readonly clients: 'required' | 'none'
}

export interface RpcServer {
  readonly port: number
  close(): Promise<void>
}

const closeGraceMs = 500

/**
 * Takes the port, then asks for the services: whoever has the port is the only one that touches the job store.
 * Throws JOBMANAGER_PORT_IN_USE, JOBMANAGER_INSECURE_ADDRESS, JOBMANAGER_UNKNOWN_CLIENTS, JOBMANAGER_CANNOT_LISTEN.
 */
export async function startServer(
  options: ServerOptions,
  services: (port: number) => Services | Promise<Services>,
): Promise<RpcServer> {
  const { host, port, allowInsecure, messageBytesMax } = options
  const required = options.tls?.clients === 'required'
  if (!isLoopback(host) && !allowInsecure && !required) {
    throw errors.create(options.tls === undefined ? 'INSECURE_ADDRESS' : 'UNKNOWN_CLIENTS', { host })
  }
  const tls = options.tls && new ServerTls(options.tls.source, required)
  const server = new Server({
    ...grpcOptions(messageBytesMax),
    interceptors: tls === undefined ? [checkProtocol] : [checkProtocol, checkCaller(tls)],
  })
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(
      `${host.includes(':') ? `[${host}]` : host}:${port}`,
      tls ?? ServerCredentials.createInsecure(),
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

const ofTaskManagers: ReadonlySet<string> = new Set(Object.values(tolerantControlMethods).map(({ path }) => path))

/** Where clients need no certificate, or have some of their own, nobody without one of the cluster's may be a TaskManager. */
function checkCaller(tls: ServerTls) {
  return <Request, Response>(
    method: ServerMethodDefinition<Request, Response>,
    call: ServerInterceptingCallInterface,
  ): ServerInterceptingCall =>
    new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, pass) {
            const reason = ofTaskManagers.has(method.path) ? strangeness(tls, call) : undefined
            if (reason === undefined) {
              pass(metadata)
              return
            }
            const error = rpcErrors.create('NOT_OF_THE_CLUSTER', { who: `the caller at ${call.getPeer()}`, reason })
            call.sendStatus(toServiceError(error, new Metadata()) as Parameters<typeof call.sendStatus>[0])
          },
        })
      },
    })
}

function strangeness(tls: ServerTls, call: ServerInterceptingCallInterface): string | undefined {
  // There only when its chain was checked.
  const certificate = call.getAuthContext().sslPeerCertificate
  if (certificate === undefined) return 'it has shown none that is trusted here'
  return tls.isInternal(certificate.raw) ? undefined : `it is that of a client, ${certificate.subject.CN}`
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
