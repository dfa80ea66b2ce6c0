/**
 * What a JobManager answers as long as it stands by: who leads. Jobs it accepts, and lists; everything else is the leader's.
 */
import { Metadata, type UntypedServiceImplementation } from '@grpc/grpc-js'
import { clientMethods, controlMethods } from '../../proto/generated/services.ts'
import type { ListReply } from '../../proto/generated/shapes.ts'
import { toServiceError } from '../../proto/rpc/errors.ts'
import { errors } from '../ha/errors.ts'
import { type SubmitOptions, submitMethod } from './client-service.ts'
import type { Services } from './services.ts'
import { answer } from './writing.ts'

export interface StandbyOptions extends SubmitOptions {
  /** Of this JobManager. */
  address(): string
  /** host:port; undefined while nobody leads. */
  leader(): Promise<string | undefined>
  /** As the last leader left it, while nobody leads. */
  list(): Promise<ListReply>
}

type Handler = (call: { emit(event: 'error', error: unknown): boolean }, done?: (error: unknown) => void) => void

export function standbyServices(options: StandbyOptions): Services {
  const refuse: Handler = (call, done) => {
    const refused = async (): Promise<never> => {
      const leader = await options.leader()
      const leads = leader === undefined ? 'nobody leads at the moment' : `${leader} leads`
      throw errors.create('NOT_LEADER', { address: options.address(), leader: leader ?? '', leads })
    }
    refused().catch((error: unknown) => {
      const answered = toServiceError(error, new Metadata())
      if (typeof done === 'function') done(answered)
      else call.emit('error', answered)
    })
  }
  const all = (methods: object): UntypedServiceImplementation =>
    Object.fromEntries(Object.keys(methods).map((name) => [name, refuse])) as unknown as UntypedServiceImplementation
  const list = answer(async () => {
    const leader = await options.leader()
    if (leader === undefined) return options.list()
    throw errors.create('NOT_LEADER', { address: options.address(), leader, leads: `${leader} leads` })
  })
  return { control: all(controlMethods), client: { ...all(clientMethods), submit: submitMethod(options), list } }
}

/** Of a JobManager that has its port and does not know yet what becomes of it. */
export function startingServices(address: string): Services {
  const refuse = async (): Promise<never> => {
    throw errors.create('NOT_LEADER', { address, leader: '', leads: 'it has just started' })
  }
  return standbyServices({
    bundleBytesMax: Number.POSITIVE_INFINITY,
    address: () => address,
    leader: async () => undefined,
    accept: refuse,
    list: refuse,
  })
}
