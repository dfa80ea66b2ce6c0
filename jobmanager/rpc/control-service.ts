/**
 * The gRPC side of TaskManagers: one stream each. Its end, for whatever reason, is the end of the TaskManager for us; a
 * killed process closes its socket, so that is known at once.
 */

import type {
  ServerDuplexStream,
  ServerWritableStream,
  ServiceError,
  UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { Metadata } from '@grpc/grpc-js'
import { systemClock } from '../../core/platform/clock.ts'
import { controlMethods } from '../../proto/generated/services.ts'
import type { BundleChunk, FetchBundleRequest, FromTaskManager, ToTaskManager } from '../../proto/generated/shapes.ts'
import { toServiceError } from '../../proto/rpc/errors.ts'
import { type Cluster, goodBye, type TaskManagerLink } from '../cluster/cluster.ts'
import { errors } from '../errors.ts'
import type { JobStore } from '../job-store.ts'
import { writeAll } from './writing.ts'

const chunkBytes = 256 * 1024

type Log = (level: 'error', text: string, fields: Readonly<Record<string, unknown>>) => void

/** A message that could not be decoded. */
interface Unreadable {
  readonly kind: 'unreadable'
  readonly error: unknown
}

/** The methods of TaskManagers, with a stream that outlives a message which cannot be decoded: gRPC would end it. */
export const tolerantControlMethods = {
  ...controlMethods,
  connect: {
    ...controlMethods.connect,
    requestDeserialize: (bytes: Buffer): FromTaskManager | Unreadable => {
      try {
        return controlMethods.connect.requestDeserialize(bytes)
      } catch (error) {
        return { kind: 'unreadable', error }
      }
    },
  },
}

export function controlService(cluster: Cluster, store: JobStore, log: Log): UntypedServiceImplementation {
  return {
    connect: (call: ServerDuplexStream<FromTaskManager, ToTaskManager>) => connect(cluster, call, log),
    fetchBundle: (call: ServerWritableStream<FetchBundleRequest, BundleChunk>) =>
      writeAll(call, () => chunks(store, call.request.bundleId)),
  }
}

function connect(cluster: Cluster, call: ServerDuplexStream<FromTaskManager, ToTaskManager>, log: Log): void {
  let id: string | undefined
  let open = true
  const link: TaskManagerLink = {
    send(message) {
      if (open) call.write(message)
    },
    close(error) {
      if (!open) return
      open = false
      if (error === undefined) call.end()
      else call.emit('error', toServiceError(error, new Metadata()))
    },
  }
  const lost = (reason: string): void => {
    open = false
    if (id !== undefined) cluster.lost(link, reason)
  }
  call.on('data', (message: FromTaskManager | Unreadable) => {
    if (!open) return
    if (id !== undefined) {
      try {
        if (message.kind === 'unreadable') throw message.error
        cluster.receive(link, id, message)
      } catch (error) {
        // One bad message is no reason to lose a TaskManager with all that runs there.
        log('error', `a message (${message.kind}) of TaskManager ${id} is passed over`, { error })
      }
      return
    }
    try {
      if (message.kind === 'unreadable') throw message.error
      if (message.kind === 'register') {
        cluster.register(message, link)
        id = message.id
      } else {
        throw errors.create('REGISTRATION_EXPECTED')
      }
    } catch (error) {
      link.close(error as Error)
      lost(error instanceof Error ? error.message : String(error))
    }
  })
  call.on('cancelled', () => lost('its connection closed'))
  call.on('error', (error: Partial<ServiceError>) => lost(error.details ?? error.message ?? String(error)))
  // A broken connection ends the stream too, and says only then that the call was cancelled.
  call.on('end', () =>
    systemClock.setImmediate(() => {
      const ended = open
      lost(call.cancelled ? 'its connection closed' : goodBye)
      if (ended) call.end()
    }),
  )
}

async function* chunks(store: JobStore, bundleId: string): AsyncGenerator<BundleChunk> {
  const bytes = await store.getBundle(bundleId)
  for (let at = 0; at < bytes.byteLength; at += chunkBytes) yield { data: bytes.subarray(at, at + chunkBytes) }
}
