/**
 * What JobManagers agree through, as Redis does it: a lease with an end, a registry, queues. It may be away for a while, and
 * it may come back with nothing.
 */
import type { Clock } from '../../core/platform/clock.ts'
import type { Coordination } from '../../jobmanager/ha/coordination.ts'
import { LocalWork } from '../../jobmanager/ha/local-work.ts'
import type { WorkHandlers } from '../../jobmanager/ha/work.ts'
import type { JobRecord } from '../../jobmanager/job-store.ts'
import type { Life, World } from './world.ts'

interface Content {
  lease: { readonly token: string; untilMs: number } | undefined
  leader: { readonly epoch: number; readonly address: string; untilMs: number } | undefined
  epoch: number
  readonly jobs: Map<string, JobRecord>
  readonly submitted: Set<string>
}

const callTimeoutMs = 1000

export class SimulatedRegistry {
  away = false
  readonly #world: World
  #content: Content = empty()
  #consumer: { readonly life: Life; readonly handlers: WorkHandlers } | undefined

  constructor(world: World) {
    this.#world = world
  }

  /** Restarted without its data. */
  forget(): void {
    this.#world.note('registry', 'has forgotten everything')
    this.#content = empty()
  }

  /** For the process that is at work. */
  open(life: Life, clock: Clock, token: string): Coordination {
    const call = <T>(effect: (content: Content) => T): Promise<T> => this.#call(life, effect)
    const holder = ({ lease }: Content): string | undefined =>
      lease !== undefined && lease.untilMs > this.#world.nowMs ? lease.token : undefined
    const known = ({ leader }: Content): Content['leader'] =>
      leader !== undefined && leader.untilMs > this.#world.nowMs ? leader : undefined
    const submitted = (jobId: string): Promise<boolean> =>
      call((content) => {
        content.submitted.add(jobId)
        this.#tell()
        return false
      })
    return {
      connect: () => Promise.resolve(),
      disconnect: () => undefined,
      lease: {
        acquire: (leaseMs) =>
          call((content) => {
            const held = holder(content)
            if (held !== undefined && held !== token) return false
            content.lease = { token, untilMs: this.#world.nowMs + leaseMs }
            return true
          }),
        renew: (leaseMs) =>
          call((content) => {
            const held = holder(content)
            if (held === undefined) return 'missing'
            if (held !== token) return 'taken'
            const untilMs = this.#world.nowMs + leaseMs
            content.lease = { token, untilMs }
            if (content.leader !== undefined) content.leader.untilMs = untilMs
            return 'held'
          }),
        release: () =>
          call((content) => {
            if (holder(content) !== token) return
            content.lease = undefined
            content.leader = undefined
          }),
        epoch: () => call(({ epoch }) => epoch),
        held: () => call((content) => holder(content) !== undefined),
        announce: (epoch, address, leaseMs) =>
          call((content) => {
            if (holder(content) !== token || epoch < content.epoch) return false
            content.epoch = epoch
            content.leader = { epoch, address, untilMs: this.#world.nowMs + leaseMs }
            return true
          }),
        leader: () =>
          call((content) => {
            const found = known(content)
            return found && { epoch: found.epoch, address: found.address }
          }),
        putJob: (epoch, jobId, record) =>
          call((content) => {
            if (epoch < content.epoch) return false
            if (record === undefined) content.jobs.delete(jobId)
            else content.jobs.set(jobId, record)
            return true
          }),
        jobs: () => call(({ jobs }) => [...jobs.values()]),
      },
      queues: {
        submitted,
        lead: (handlers) => {
          this.#consumer = { life, handlers }
          this.#tell()
          return new LocalWork({ clock, handlers, trouble: (text) => this.#world.note(life.name, text) })
        },
        close: () => Promise.resolve(),
      },
    }
  }

  /** Hands what waits to the leader. */
  #tell(): void {
    const consumer = this.#consumer
    if (consumer === undefined) return
    for (const jobId of this.#content.submitted) {
      this.#world.at(this.#world.delay(1, 10), consumer.life, () => {
        consumer.handlers.submitted(jobId).then(
          () => this.#content.submitted.delete(jobId),
          () => undefined,
        )
      })
    }
  }

  #call<T>(life: Life, effect: (content: Content) => T): Promise<T> {
    const world = this.#world
    return new Promise((resolve, reject) => {
      world.at(world.delay(0.2, 5), undefined, () => {
        if (this.away) {
          world.at(callTimeoutMs, life, () => reject(new Error('Command timed out')))
          return
        }
        const result = effect(this.#content)
        world.at(world.delay(0.2, 5), life, () => resolve(result))
      })
    })
  }
}

const empty = (): Content => ({
  lease: undefined,
  leader: undefined,
  epoch: 0,
  jobs: new Map(),
  submitted: new Set(),
})
