/**
 * What one TaskManager says over its connection, whatever that is made of: registration first, then everything else. A
 * message that is no good is passed over; only a registration that is refused ends the connection.
 */
import type { FromTaskManager } from '../../proto/generated/shapes.ts'
import type { Cluster, TaskManagerLink } from '../cluster/cluster.ts'
import { errors } from '../errors.ts'

/** A message that could not be decoded. */
export interface Unreadable {
  readonly kind: 'unreadable'
  readonly error: unknown
}

export type SessionLog = (level: 'error', text: string, fields: Readonly<Record<string, unknown>>) => void

export class TaskManagerSession {
  readonly #cluster: Cluster
  readonly #link: TaskManagerLink
  readonly #log: SessionLog
  #id: string | undefined

  constructor(cluster: Cluster, link: TaskManagerLink, log: SessionLog) {
    this.#cluster = cluster
    this.#link = link
    this.#log = log
  }

  receive(message: FromTaskManager | Unreadable): void {
    const id = this.#id
    if (id === undefined) {
      this.#register(message)
      return
    }
    try {
      if (message.kind === 'unreadable') throw message.error
      this.#cluster.receive(this.#link, id, message)
    } catch (error) {
      // One bad message is no reason to lose a TaskManager with all that runs there.
      this.#log('error', `a message (${message.kind}) of TaskManager ${id} is passed over`, { error })
    }
  }

  /** The connection is gone. */
  lost(reason: string): void {
    if (this.#id !== undefined) this.#cluster.lost(this.#link, reason)
  }

  #register(message: FromTaskManager | Unreadable): void {
    try {
      if (message.kind === 'unreadable') throw message.error
      if (message.kind !== 'register') throw errors.create('REGISTRATION_EXPECTED')
      this.#cluster.register(message, this.#link)
      this.#id = message.id
    } catch (error) {
      this.#link.close(error as Error)
    }
  }
}
