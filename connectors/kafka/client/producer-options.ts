/** Options of a producer, and what they are unless told otherwise. */
import type { CodecName } from '../../../proto/kafka/records/index.ts'
import type { TwoPhase } from './transactions.ts'

export interface ProducerOptions {
  /** Makes the producer transactional. */
  readonly transactionalId?: string
  /** How long a transaction may stay open before the broker aborts it. Default 60 s. */
  readonly transactionTimeoutMs?: number
  /** Default `no`. */
  readonly twoPhase?: TwoPhase
  /** Default true; without it a retry may write records twice. */
  readonly idempotent?: boolean
  /** `none`: no answer at all, what is lost is lost. Default `all`. */
  readonly acks?: 'all' | 'leader' | 'none'
  readonly codec?: CodecName
  /** How long a batch may wait for more records. Default 0: as long as the turn of the event loop. */
  readonly lingerMs?: number
  /** A batch is closed when it would grow beyond this, before compression. Default 512 KB. */
  readonly batchBytes?: number
  /** Of one request. Default 4 MB. */
  readonly requestBytes?: number
  /** What may wait or be on its way. Default 32 MB. */
  readonly bufferBytes?: number
  /** Requests on their way to one broker. Default 5. */
  readonly maxInFlight?: number
  /** From the first attempt on. Default 120 s. */
  readonly deliveryTimeoutMs?: number
  /** Called when records have to be sent again, with the reason, and with undefined when they have arrived. */
  readonly onTrouble?: (reason: Error | undefined) => void
}

export type ProducerSettings = Required<Omit<ProducerOptions, 'transactionalId'>> & {
  readonly transactionalId: string | null
}

export const producerSettings = (options: ProducerOptions): ProducerSettings => ({
  transactionalId: options.transactionalId ?? null,
  transactionTimeoutMs: options.transactionTimeoutMs ?? 60_000,
  twoPhase: options.twoPhase ?? 'no',
  idempotent: options.idempotent ?? true,
  acks: options.acks ?? 'all',
  codec: options.codec ?? 'none',
  lingerMs: options.lingerMs ?? 0,
  batchBytes: options.batchBytes ?? 512 * 1024,
  requestBytes: options.requestBytes ?? 4 * 1024 * 1024,
  bufferBytes: options.bufferBytes ?? 32 * 1024 * 1024,
  maxInFlight: options.maxInFlight ?? 5,
  deliveryTimeoutMs: options.deliveryTimeoutMs ?? 120_000,
  onTrouble: options.onTrouble ?? (() => undefined),
})
