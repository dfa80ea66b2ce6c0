/**
 * A gRPC method over plain objects: the generated shapes, with `kind` telling the members of a union apart. Decoders are
 * bounded by the bytes they get and throw an Error on malformed ones, which gRPC answers with INTERNAL.
 */
import type { MethodDefinition } from '@grpc/grpc-js'
import type { Message } from '../generated/messages.js'

export type Method<Request, Response> = MethodDefinition<Request, Response>

/** Defaults stand for what is absent on the wire; optional fields stay away. */
const plain = { defaults: true, arrays: true, objects: true }

function serializer(type: Message): (value: unknown) => Buffer {
  return (value) => {
    const { kind, ...rest } = value as { kind?: unknown } & Record<string, unknown>
    const object =
      isUnion(type) && typeof kind === 'string' ? { [kind]: 'value' in rest ? rest.value : rest } : (value as object)
    const bytes = type.encode(type.fromObject(object)).finish()
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}

function deserializer(type: Message): (bytes: Buffer) => unknown {
  return (bytes) => {
    const message = type.decode(bytes)
    if (!isUnion(type)) return type.toObject(message, plain)
    const kind = (message as { message?: string }).message
    if (kind === undefined) throw new Error('a message of a kind that this version does not know')
    const body = type.toObject(message, plain)[kind]
    return body instanceof Uint8Array ? { kind, value: body } : { kind, ...(body as object) }
  }
}

/** A union is a message whose only content is a oneof called `message`: pbjs makes an accessor of that name. */
function isUnion(type: Message): boolean {
  const { prototype } = type as unknown as { prototype: object }
  return Object.getOwnPropertyDescriptor(prototype, 'message')?.get !== undefined
}

export function method<Request, Response>(
  path: string,
  requestStream: boolean,
  responseStream: boolean,
  request: Message,
  response: Message,
): Method<Request, Response> {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: serializer(request),
    requestDeserialize: deserializer(request) as (bytes: Buffer) => Request,
    responseSerialize: serializer(response),
    responseDeserialize: deserializer(response) as (bytes: Buffer) => Response,
  }
}
