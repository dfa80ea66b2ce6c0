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
import type { JobStore } from '../job-store.ts'
import { type SessionLog, TaskManagerSession, type Unreadable } from './task-manager-session.ts'
import { writeAll } from './writing.ts'

const chunkBytes = 256 * 1024

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

export function controlService(cluster: Cluster, store: JobStore, log: SessionLog): UntypedServiceImplementation {
  return {
    connect: (call: ServerDuplexStream<FromTaskManager, ToTaskManager>) => connect(cluster, call, log),
    fetchBundle: (call: ServerWritableStream<FetchBundleRequest, BundleChunk>) =>
      writeAll(call, () => chunks(store, call.request.bundleId)),
  }
}

function connect(cluster: Cluster, call: ServerDuplexStream<FromTaskManager, ToTaskManager>, log: SessionLog): void {
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
  const session = new TaskManagerSession(cluster, link, log)
  const lost = (reason: string): void => {
    open = false
    session.lost(reason)
  }
  call.on('data', (message: FromTaskManager | Unreadable) => {
    if (open) session.receive(message)
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
