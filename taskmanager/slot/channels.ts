/**
 * The channels of a deployment, by where the other subtask runs: a queue in the same slot, a ring to another slot of this
 * TaskManager, a connection to a slot elsewhere. Both ends compute for themselves which channels there are.
 *
 * Concurrency: the slot's thread.
 */

import type { Arena } from '../../core/arena/arena.ts'
import { assert } from '../../core/assert.ts'
import type { EdgePlan } from '../../proto/jobgraph/plan.ts'
import type { InputChannel, OutputChannel } from '../network/channel.ts'
import type { Doorbells } from '../network/doorbell.ts'
import { LocalChannel } from '../network/local.ts'
import { RingInput, RingOutput } from '../network/ring-channel.ts'
import type { Deployment, SubtaskLocation } from './messages.ts'

/** Channels to slots of other TaskManagers. */
export interface RemoteChannels {
  output(edge: EdgePlan, from: number, to: number): OutputChannel
  input(edge: EdgePlan, from: number, to: number, producer: SubtaskLocation): InputChannel
}

export interface SlotPlace {
  readonly taskManagerId: string
  readonly slot: number
  readonly arena: Arena
  readonly bells: Doorbells
}

const localCapacity = 8

export class SlotChannels {
  readonly #deployment: Deployment
  readonly #place: SlotPlace
  readonly #remote: RemoteChannels
  readonly #locations = new Map<string, SubtaskLocation>()
  readonly #rings = new Map<string, SharedArrayBuffer>()
  readonly #local = new Map<string, LocalChannel>()

  constructor(deployment: Deployment, place: SlotPlace, remote: RemoteChannels) {
    this.#deployment = deployment
    this.#place = place
    this.#remote = remote
    for (const location of deployment.locations) this.#locations.set(`${location.vertex}/${location.subtask}`, location)
    for (const { edge, from, to, ring } of deployment.rings) this.#rings.set(`${edge}/${from}/${to}`, ring)
  }

  /** From a subtask of this slot. */
  output(edge: EdgePlan, from: number, to: number): OutputChannel {
    const consumer = this.#location(edge.to.vertex, to)
    if (this.#here(consumer)) return this.#queue(edge, from, to)
    if (consumer.taskManagerId !== this.#place.taskManagerId) return this.#remote.output(edge, from, to)
    const { arena, bells } = this.#place
    return new RingOutput(this.#ring(edge, from, to), arena, bells, this.#peer(consumer.slot))
  }

  /** To a subtask of this slot. */
  input(edge: EdgePlan, from: number, to: number): InputChannel {
    const producer = this.#location(edge.from.vertex, from)
    if (this.#here(producer)) return this.#queue(edge, from, to)
    if (producer.taskManagerId !== this.#place.taskManagerId) return this.#remote.input(edge, from, to, producer)
    const { arena, bells } = this.#place
    return new RingInput(this.#ring(edge, from, to), arena, bells, this.#peer(producer.slot), edge.schema)
  }

  #here(location: SubtaskLocation): boolean {
    return location.taskManagerId === this.#place.taskManagerId && location.slot === this.#place.slot
  }

  #location(vertex: number, subtask: number): SubtaskLocation {
    const location = this.#locations.get(`${vertex}/${subtask}`)
    assert(location !== undefined, `the deployment says where subtask ${vertex}/${subtask} runs`)
    return location
  }

  #ring(edge: EdgePlan, from: number, to: number): SharedArrayBuffer {
    const ring = this.#rings.get(`${edge.id}/${from}/${to}`)
    assert(ring !== undefined, `the deployment has a ring for channel ${edge.id}/${from}/${to}`)
    return ring
  }

  #peer(slot: number): { slot: number; owner: number } {
    return { slot, owner: this.#deployment.owners[slot] }
  }

  #queue(edge: EdgePlan, from: number, to: number): LocalChannel {
    const name = `${edge.id}/${from}/${to}`
    let channel = this.#local.get(name)
    if (channel === undefined) {
      channel = new LocalChannel(this.#place.arena, edge.schema, localCapacity)
      this.#local.set(name, channel)
    }
    return channel
  }
}
