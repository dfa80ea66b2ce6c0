/**
 * Writes records in transactions, one for each checkpoint and subtask. At a barrier the transaction is flushed and stays
 * open; when the checkpoint is complete it is committed. The next begins when that is flushed: what it waits for must not be
 * overtaken. So several are open at a time, each with a transactional id of its
 * own: ids are numbered per subtask and used again when no restore can go back to where they were.
 *
 * After a failure the transactions that the checkpoint holds are committed by their producer id and epoch, before anything
 * else. Then every other id of this subtask, and of those whose state it took over, gets a new epoch: what earlier attempts
 * left open is aborted, and one that still runs is shut out. Ids of the checkpoint keep their epoch until a newer one is
 * complete: after another failure the same commit must be told from one that came too late. Ids carry the parallelism, so
 * that after a rescale nobody takes an id whose transaction somebody else is about to commit.
 *
 * One per subtask, on its slot's thread.
 */

import { inBackground, withTimeout } from '../../core/async/index.ts'
import { formatDuration } from '../../core/config/index.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import type { SinkContext, SinkWriter } from '../../sdk/sink.ts'
import {
  codeOf,
  describeTransactions,
  endTransaction,
  type KafkaProducer,
  kafkaErrors,
  type ProducerIdentity,
} from './client/index.ts'
import { kafkaConnectorErrors } from './errors.ts'
import { reachBrokers } from './reach.ts'
import { Outlet, SinkTopics, sinkLog, type WriterOptions } from './sink-writer.ts'

/** JSON. A transaction that waits for its checkpoint. */
export type KafkaCommittable = ProducerIdentity & { readonly transactionalId: string }

/** JSON. Ids that had transactions: `family-0` to `family-(ids - 1)`. */
export interface KafkaWriterState {
  readonly family: string
  readonly ids: number
}

/**
 * An id and its producer. Used again only when no restore can find its last transaction in a checkpoint: it would commit
 * the one that is open by then. So it stays busy after the commit until a checkpoint is complete that was taken behind it.
 */
interface Slot {
  /** Undefined for an id of the checkpoint, until it is free. */
  producer: KafkaProducer | undefined
  readonly transactionalId: string
  busy: boolean
  /** Its last transaction that waited for a checkpoint: an end may have given the producer another epoch. */
  prepared: KafkaCommittable | undefined
  /** The checkpoint that prepared its transaction; Infinity: none yet. */
  preparedFor: number
  /** The first checkpoint that was taken after the commit; 0: none yet. */
  absentFrom: number
}

const newSlot = (transactionalId: string): Slot => ({
  producer: undefined,
  transactionalId,
  busy: true,
  prepared: undefined,
  preparedFor: 0,
  absentFrom: 0,
})

/** Records since the last barrier. */
class Transaction<T> extends Outlet<T> {
  slot: Slot | undefined
  /** Resolves when the producer has all records that waited. */
  opened: Promise<void> = Promise.resolve()
  isOpen = false
  /** The checkpoint of the barrier behind it. */
  preparedFor = Number.POSITIVE_INFINITY
}

const abortTimeoutMs = 2000
/** Ids that may have come into use since the checkpoint. */
const idsMore = 8

export class TransactionalWriter<T> implements SinkWriter<T, KafkaCommittable, KafkaWriterState> {
  readonly #context: SinkContext
  readonly #topics: SinkTopics<T>
  readonly #family: string
  readonly #restored: readonly KafkaWriterState[]
  readonly #slots: Slot[] = []
  #current: Transaction<T> | undefined
  /** The records before the last barrier on their way: those behind it stay here. Never rejects. */
  #flushing: Promise<void> | undefined
  #started: Promise<void> | undefined
  #hasStarted = false
  /** Committed, and still busy. */
  #committed: Slot[] = []
  #growing: Promise<void> | undefined
  /** Ids up to this number had transactions. */
  #used = 0
  /** Ids that the checkpoint holds. */
  readonly #held = new Set<string>()
  /** Behind their barrier, and not all with the brokers yet. */
  readonly #preparing = new Set<Transaction<T>>()
  /** Nothing may begin any more. */
  #isDiscarded = false

  constructor(options: WriterOptions<T>, context: SinkContext, prefix: string, restored: readonly KafkaWriterState[]) {
    this.#context = context
    this.#topics = new SinkTopics(options, context)
    this.#family = `${prefix}-${context.parallelism}-${context.subtask}`
    this.#restored = restored
  }

  ready(): boolean {
    if (this.#topics.failure !== undefined) throw this.#topics.failure
    if (!this.#hasStarted) {
      this.#begin()
      return false
    }
    const current = this.#current
    if (current === undefined) return true
    return current.isOpen && current.producer !== undefined && this.#topics.hasRoom(current.producer)
  }

  write(records: readonly T[], timestamps: ArrayLike<number>): void {
    if (records.length === 0) return
    const current = this.#current ?? this.#open()
    const nowMs = this.#context.now()
    const direct = current.isOpen
    for (let i = 0; i < records.length; i++)
      this.#topics.write(current, records[i], i < timestamps.length && timestamps[i] > 0 ? timestamps[i] : nowMs)
    if (direct && current.waiting.length > 0) this.#drainLater(current)
  }

  prepareCommit(checkpointId: number): readonly KafkaCommittable[] | Promise<readonly KafkaCommittable[]> {
    const current = this.#current
    this.#current = undefined
    if (current === undefined) return []
    current.preparedFor = checkpointId
    if (current.slot !== undefined) current.slot.preparedFor = checkpointId
    this.#preparing.add(current)
    const prepared = this.#prepare(current).finally(() => this.#preparing.delete(current))
    const flushing = prepared.then(
      () => undefined,
      () => undefined,
    )
    this.#flushing = flushing
    inBackground(
      flushing.then(() => {
        if (this.#flushing === flushing) this.#flushing = undefined
      }),
      () => undefined,
    )
    return prepared
  }

  snapshot(checkpointId: number): readonly KafkaWriterState[] {
    for (const slot of this.#committed) if (slot.absentFrom === 0) slot.absentFrom = checkpointId
    return [{ family: this.#family, ids: this.#used }]
  }

  /** Makes transactions count, those of this writer as well as those of earlier attempts. */
  async commit(committables: readonly KafkaCommittable[]): Promise<void> {
    const committed: Slot[] = []
    for (const each of committables) {
      const slot = this.#slots.find(({ prepared }) => isSame(prepared, each))
      try {
        if (slot?.producer === undefined) {
          await endTransaction(this.#topics.cluster, each, 'commit')
          this.#held.add(each.transactionalId)
        } else {
          await slot.producer.commit()
          committed.push(slot)
        }
      } catch (error) {
        const { transactionalId } = each
        const reason = (error as Error).message
        throw isLost(error)
          ? kafkaConnectorErrors.create('TRANSACTION_LOST', { transactionalId, reason }, { cause: error })
          : error
      }
    }
    this.#free(Math.max(0, ...committed.map(({ preparedFor }) => preparedFor)))
    this.#committed.push(...committed)
  }

  /** This checkpoint or a later one is complete. */
  #free(checkpointId: number): void {
    const isFree = ({ absentFrom }: Slot): boolean => absentFrom !== 0 && absentFrom <= checkpointId
    for (const slot of this.#committed.filter(isFree)) {
      if (slot.producer !== undefined) slot.busy = false
      else inBackground(this.#startSlot(slot), (error) => this.#topics.fail(error))
    }
    this.#committed = this.#committed.filter((slot) => !isFree(slot))
  }

  async discard(checkpointId: number, withinMs: number): Promise<void> {
    this.#isDiscarded = true
    for (const each of [this.#current, ...this.#preparing]) if (each !== undefined) each.waiting.length = 0
    this.#current = undefined
    const { clock } = this.#topics.cluster.settings
    const left: string[] = []
    // The start aborts what earlier attempts left, also of a writer that nobody has asked for anything yet.
    this.#begin()
    await withTimeout(clock, this.#started as Promise<void>, withinMs / 2, 'start of a writer').catch(() => {
      for (const { family, ids } of this.#restored)
        for (let number = 0; number < ids; number++) left.push(`${family}-${number}`)
    })
    const open = this.#slots.filter(
      (each) => each.busy && each.producer !== undefined && !this.#committed.includes(each),
    )
    const behind = open.filter(({ preparedFor }) => preparedFor > checkpointId)
    await Promise.all(
      behind.map(async ({ producer, transactionalId }) => {
        const aborted = withTimeout(clock, (producer as KafkaProducer).abort(), withinMs / 2, 'abort of a transaction')
        await aborted.catch(() => left.push(transactionalId))
      }),
    )
    sayWhatIsOpen(
      left,
      open.filter((each) => !behind.includes(each)).map(({ transactionalId }) => transactionalId),
    )
  }

  async close(): Promise<void> {
    const producer = this.#current?.producer
    const { cluster } = this.#topics
    this.#current = undefined
    try {
      // What was never prepared is in no checkpoint. Readers of committed records need not wait for its time-out.
      if (producer !== undefined && producer.failure === undefined)
        await withTimeout(cluster.settings.clock, producer.abort(), abortTimeoutMs, 'abort of a transaction')
    } catch (error) {
      sinkLog.debug({ reason: (error as Error).message }, 'a transaction was left open: the next attempt aborts it')
    }
    await cluster.close()
  }

  #begin(): void {
    if (this.#started !== undefined) return
    this.#started = this.#start().then(() => {
      this.#hasStarted = true
      this.#context.wake()
    })
    inBackground(this.#started, (error) => this.#topics.fail(error))
  }

  async #start(): Promise<void> {
    const { topic } = this.#topics.options.records
    await reachBrokers(this.#topics.cluster, sinkLog)
    if (typeof topic === 'string') await this.#topics.learn(topic)
    // The order matters to nobody but who reads a log.
    for (const { family, ids } of this.#restored) if (family !== this.#family) await this.#shutOut(family, ids)
    const own = this.#restored.find(({ family }) => family === this.#family)
    this.#slots.push(...(await this.#shutOut(this.#family, own?.ids ?? 0)))
  }

  /**
   * Gives every id of a family a new epoch. Ids are taken in order, so behind one that is new there are none. New is what the
   * broker had not heard of just before: an epoch of 0 alone is also what an id gets whose epochs have run out.
   */
  async #shutOut(family: string, ids: number): Promise<Slot[]> {
    const slots: Slot[] = []
    for (let number = 0; ; number++) {
      const transactionalId = `${family}-${number}`
      const slot = newSlot(transactionalId)
      slots.push(slot)
      if (this.#held.has(transactionalId)) {
        if (family === this.#family) this.#committed.push(slot)
        continue
      }
      const isUnheardOf = number >= ids && (await this.#isUnheardOf(transactionalId))
      await this.#startSlot(slot)
      // Another epoch: somebody who still runs has taken it meanwhile.
      const isNew = isUnheardOf && slot.producer?.identity?.producerEpoch === 0
      if (isNew || number + 1 >= ids + idsMore) return slots
    }
  }

  async #isUnheardOf(transactionalId: string): Promise<boolean> {
    try {
      return (await describeTransactions(this.#topics.cluster, [transactionalId])).length === 0
    } catch (error) {
      // A broker before Kafka 3.0 cannot say.
      if (kafkaErrors.is(error, 'UNSUPPORTED')) return false
      throw error
    }
  }

  async #startSlot(slot: Slot): Promise<void> {
    const producer = this.#topics.newProducer(slot.transactionalId)
    try {
      await producer.start()
    } catch (error) {
      const { transactionTimeoutMs = 0, twoPhase } = this.#topics.options.producer
      const never = twoPhase === 'required'
      const code = codeOf(error)
      const notAllowed = never && code === kafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED
      if (code !== kafkaError.INVALID_TRANSACTION_TIMEOUT && !notAllowed) throw error
      const timeout = never ? 'any length ("never")' : formatDuration(transactionTimeoutMs)
      throw kafkaConnectorErrors.create('TRANSACTION_TIMEOUT_REFUSED', { timeout }, { cause: error })
    }
    slot.producer = producer
    slot.busy = false
  }

  async #grow(): Promise<void> {
    const transactionalId = `${this.#family}-${this.#slots.length}`
    const slot = newSlot(transactionalId)
    await this.#startSlot(slot)
    this.#slots.push(slot)
  }

  #open(): Transaction<T> {
    const current = new Transaction<T>()
    this.#current = current
    const slot = this.#hasStarted && this.#flushing === undefined ? this.#slots.find(({ busy }) => !busy) : undefined
    if (slot !== undefined) {
      this.#useSlot(current, slot)
      current.isOpen = true
    } else {
      current.opened = this.#openLater(current)
      inBackground(current.opened, (error) => this.#topics.fail(error))
    }
    return current
  }

  #useSlot(current: Transaction<T>, slot: Slot): void {
    slot.busy = true
    slot.prepared = undefined
    slot.preparedFor = current.preparedFor
    slot.absentFrom = 0
    this.#used = Math.max(this.#used, this.#slots.indexOf(slot) + 1)
    current.slot = slot
    current.producer = slot.producer
    slot.producer?.begin()
  }

  async #openLater(current: Transaction<T>): Promise<void> {
    // Of the transaction before: later it may be this one, which waits for this.
    const flushing = this.#flushing
    this.#begin()
    await this.#started
    await flushing
    let slot: Slot | undefined
    for (;;) {
      if (this.#isDiscarded) throw kafkaErrors.create('CLOSED')
      slot = this.#slots.find(({ busy }) => !busy)
      if (slot !== undefined) break
      // One at a time: two transactions that wait must not take the same number.
      this.#growing ??= this.#grow().finally(() => {
        this.#growing = undefined
      })
      await this.#growing
    }
    this.#useSlot(current, slot)
    await this.#drain(current)
  }

  #drainLater(current: Transaction<T>): void {
    current.isOpen = false
    current.opened = this.#drain(current)
    inBackground(current.opened, (error) => this.#topics.fail(error))
  }

  async #drain(current: Transaction<T>): Promise<void> {
    await this.#topics.drain(current)
    current.isOpen = true
    this.#context.wake()
  }

  async #prepare(current: Transaction<T>): Promise<readonly KafkaCommittable[]> {
    try {
      await current.opened
      const { producer, slot } = current as Transaction<T> & { producer: KafkaProducer; slot: Slot }
      await producer.flush()
      slot.prepared = producer.identity as KafkaCommittable
      return [slot.prepared]
    } catch (error) {
      // Its records are in no checkpoint to come: the subtask has to start again.
      this.#topics.fail(error)
      throw error
    }
  }
}

/** `counting`: of the newest snapshot, whose commit has failed. */
function sayWhatIsOpen(left: readonly string[], counting: readonly string[]): void {
  const abort = '"millrace transactions abort"'
  if (left.length > 0)
    sinkLog.warn(
      { transactionalIds: left },
      `transactions of a job that has ended are open: readers of committed records wait until ${abort} ends them`,
    )
  if (counting.length > 0)
    sinkLog.warn(
      { transactionalIds: counting },
      `transactions of the newest snapshot are open: a run from it commits them, ${abort} drops their records`,
    )
}

const isSame = (prepared: KafkaCommittable | undefined, each: KafkaCommittable): boolean =>
  prepared !== undefined &&
  prepared.transactionalId === each.transactionalId &&
  prepared.producerId === each.producerId &&
  prepared.producerEpoch === each.producerEpoch

const lostCodes: ReadonlySet<number | undefined> = new Set([
  kafkaError.INVALID_TXN_STATE,
  kafkaError.INVALID_PRODUCER_ID_MAPPING,
  kafkaError.INVALID_PRODUCER_EPOCH,
  kafkaError.PRODUCER_FENCED,
  kafkaError.TRANSACTIONAL_ID_NOT_FOUND,
])
const isLost = (error: unknown): boolean => kafkaErrors.is(error, 'FENCED') || lostCodes.has(codeOf(error))
