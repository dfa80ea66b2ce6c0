/**
 * Who leads: a lease that is held only while it is renewed. This file knows neither Redis nor jobs.
 *
 * Promises: `elected` is called when the lease is held, and `deposed` before it can be somebody else's, by the monotonic
 * clock of this process: the lease counts from before the question was sent, and ends a margin earlier here than there. A
 * process that was stopped finds out by the same clock at its first turn (`holds` says so even before).
 * A lease alone excludes nobody: whoever gets an order looks at the epoch.
 *
 * Concurrency: one per process; at most one question is on its way.
 */
import { faulty } from '../../core/faults.ts'
import type { Clock, TimerHandle } from '../../core/platform/clock.ts'

/** Where the lease lies. Failures and silence mean: unknown. */
export interface LeasePort {
  /** Takes the lease when it is free. True when it is ours now. */
  acquire(leaseMs: number): Promise<boolean>
  /** `missing`: nobody has it, as after a loss of all that was there. */
  renew(leaseMs: number): Promise<'held' | 'missing' | 'taken'>
  /** Gives it back if it is ours. */
  release(): Promise<void>
}

export interface LeaseEvents {
  /** From now on until `deposed` this process may lead. */
  elected(): void
  /** The lease was lost with all that was beside it, and is ours again. */
  regained(): void
  /** Must stop everything before it returns. */
  deposed(reason: string): void
  /** The lease cannot be asked for: said once, until it can again. */
  unreachable(error: unknown): void
  reachable(): void
}

export interface LeaseKeeperOptions {
  readonly clock: Clock
  readonly port: LeasePort
  readonly leaseMs: number
  readonly events: LeaseEvents
  /** Asked when the lease is gone without another holder: may this leader take it again? */
  stillOurs(): Promise<boolean>
  /** Whether to try at all: false holds back. */
  eligible(): Promise<boolean>
}

export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions
  /** Monotonic time after which this process does not lead. */
  #untilMs = Number.NEGATIVE_INFINITY
  #leading = false
  #closed = false
  #asking = false
  #silent = false
  #timer: TimerHandle | undefined
  #deadline: TimerHandle | undefined

  constructor(options: LeaseKeeperOptions) {
    this.#options = options
  }

  start(): void {
    this.#turn()
  }

  /** By the clock, whatever events have been called. */
  get holds(): boolean {
    const inTime = this.#options.clock.monotonic() < this.#untilMs || faulty('outstay-lease')
    return this.#leading && inTime
  }

  /** Something shows that another one leads. */
  stepDown(reason: string): void {
    if (!this.#leading) return
    this.#depose(reason)
    this.#release()
  }

  /** Gives the lease back, so that another may lead at once. */
  async close(): Promise<void> {
    this.#closed = true
    this.#options.clock.clearTimeout(this.#timer)
    const led = this.#leading
    if (led) this.#depose('it shuts down')
    if (led) await this.#options.port.release().catch(() => undefined)
  }

  #turn(): void {
    if (this.#closed) return
    const { clock, leaseMs } = this.#options
    clock.clearTimeout(this.#timer)
    // Jitter would buy nothing: whoever comes first gets it.
    this.#timer = clock.setTimeout(() => this.#turn(), Math.max(50, leaseMs / (this.#leading ? 4 : 15)))
    if (this.#leading && !this.holds) this.#depose('its lease was not renewed in time')
    if (this.#asking) return
    this.#asking = true
    const leading = this.#leading
    const work = leading ? this.#renew() : this.#acquire()
    work
      .then(
        () => {
          if (this.#silent) this.#options.events.reachable()
          this.#silent = false
        },
        (error: unknown) => {
          if (!this.#silent) this.#options.events.unreachable(error)
          this.#silent = true
        },
      )
      .finally(() => {
        this.#asking = false
      })
      .catch((error: unknown) => this.#options.events.unreachable(error))
  }

  async #acquire(): Promise<void> {
    const { clock, port, leaseMs, events } = this.#options
    if (!(await this.#options.eligible())) return
    const askedMs = clock.monotonic()
    if (!(await port.acquire(leaseMs))) return
    this.#extend(askedMs)
    if (this.#closed || clock.monotonic() >= this.#untilMs) {
      this.#release()
      return
    }
    this.#leading = true
    this.#watch()
    events.elected()
  }

  async #renew(): Promise<void> {
    const { clock, port, leaseMs } = this.#options
    const askedMs = clock.monotonic()
    const answer = await port.renew(leaseMs)
    if (!this.#leading) return
    if (answer === 'taken') this.#depose('another one has the lease')
    else if (answer === 'held') this.#extend(askedMs)
    else await this.#takeAgain()
  }

  /** All that was there is lost. The lease first, the question second: nobody else begins in between. */
  async #takeAgain(): Promise<void> {
    const { clock, port, leaseMs } = this.#options
    const askedMs = clock.monotonic()
    const again = await port.acquire(leaseMs)
    if (!this.#leading) return
    if (!again) {
      this.#depose('the lease was lost, and another one has it')
      return
    }
    const ours = await this.#options.stillOurs()
    if (!this.#leading) return
    if (ours) {
      this.#extend(askedMs)
      this.#options.events.regained()
      return
    }
    this.stepDown('the lease was lost, and another one has led since')
  }

  #extend(askedMs: number): void {
    const { leaseMs } = this.#options
    // The clock there may run a little faster than ours, and stopping takes a moment.
    this.#untilMs = Math.max(this.#untilMs, askedMs + leaseMs - Math.max(50, leaseMs / 10))
    if (this.#leading) this.#watch()
  }

  #watch(): void {
    const { clock } = this.#options
    clock.clearTimeout(this.#deadline)
    this.#deadline = clock.setTimeout(
      () => {
        if (!this.#leading) return
        if (this.holds) this.#watch()
        else this.#depose('its lease was not renewed in time')
      },
      Math.max(1, this.#untilMs - clock.monotonic()),
    )
  }

  #depose(reason: string): void {
    this.#leading = false
    this.#untilMs = Number.NEGATIVE_INFINITY
    this.#options.clock.clearTimeout(this.#deadline)
    this.#options.events.deposed(reason)
  }

  #release(): void {
    // What cannot be given back ends by itself.
    this.#options.port.release().catch(() => undefined)
  }
}
