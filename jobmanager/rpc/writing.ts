/** Server calls written as functions: values or errors become answers. */
import { Metadata, type ServerUnaryCall, type ServerWritableStream, type sendUnaryData } from '@grpc/grpc-js'
import { toServiceError } from '../../proto/rpc/errors.ts'

/** Sends everything that `values` gives, as fast as the client takes it; stops when the call is cancelled. */
export function writeAll<Request, Response>(
  call: ServerWritableStream<Request, Response>,
  values: (cancelled: AbortSignal) => Iterable<Response> | AsyncIterable<Response>,
): void {
  const controller = new AbortController()
  let wake: (() => void) | undefined
  call.on('cancelled', () => {
    controller.abort()
    wake?.()
  })
  call.on('drain', () => wake?.())
  const run = async (): Promise<void> => {
    for await (const value of values(controller.signal)) {
      if (controller.signal.aborted) return
      if (!call.write(value)) {
        await new Promise<void>((resolve) => {
          wake = resolve
          if (controller.signal.aborted) resolve()
        })
      }
    }
    if (!controller.signal.aborted) call.end()
  }
  run().catch((error: unknown) => {
    if (!controller.signal.aborted) call.emit('error', toServiceError(error, new Metadata()))
  })
}

export function answer<Request, Response>(
  handle: (request: Request) => Response | Promise<Response>,
): (call: ServerUnaryCall<Request, Response>, done: sendUnaryData<Response>) => void {
  return (call, done) => {
    const run = async (): Promise<Response> => handle(call.request)
    run().then(
      (response) => done(null, response),
      (error: unknown) => done(toServiceError(error, new Metadata())),
    )
  }
}
