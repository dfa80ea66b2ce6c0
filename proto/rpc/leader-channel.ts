/**
 * Calls to whichever of several JobManagers leads. It asks the one that led last, follows what a standby says, and goes
 * through the others when nobody answers, for as long as its patience lasts. With a single address it is a plain channel.
 *
 * Promise: a call that may have taken effect is made again only when that does no harm (`again`).
 */
import { isMillraceError } from '../../core/errors.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { Channel } from './channel.ts'
import { isUnreached, rpcErrors } from './errors.ts'
import type { ChannelTls } from './tls.ts'

/** A leader that hangs is found out by pings. */
const pingMs = 2000
const patienceMs = 20_000
const pauseMs = 150

/** 'host:port,host:port' in its parts. Throws RPC_BAD_ADDRESS. */
export function parseAddresses(text: string): string[] {
  const addresses = text.split(',').map((each) => each.trim())
  for (const address of addresses) {
    const port = Number(/:(\d+)$/.exec(address)?.[1])
    if (!(port >= 0 && port <= 65535) || address.startsWith(':')) throw rpcErrors.create('BAD_ADDRESS', { address })
  }
  return [...new Set(addresses)]
}

/** Where the leader is, when `error` says it; '' when nobody leads; undefined when it says something else. */
export function leaderNamed(error: unknown): string | undefined {
  if (!isMillraceError(error, 'HA_NOT_LEADER')) return undefined
  return typeof error.context.leader === 'string' ? error.context.leader : ''
}

/** Which address to try next. */
export class LeaderSearch {
  readonly addresses: readonly string[]
  #at = 0
  /** Named by a standby. */
  #named: string | undefined
  #hops = 0

  constructor(addresses: readonly string[]) {
    this.addresses = addresses
  }

  get current(): string {
    return this.#named ?? this.addresses[this.#at]
  }

  get several(): boolean {
    return this.addresses.length > 1
  }

  /** It answered as a leader. */
  found(): void {
    this.#hops = 0
  }

  /** After a failure. True: the next may be tried at once. */
  failed(error: unknown): boolean {
    const named = leaderNamed(error)
    if (named !== undefined && named !== '' && named !== this.current && this.#hops < this.addresses.length + 1) {
      this.#hops++
      this.#named = named
      return true
    }
    // Also behind one that was named: from here it may have another address, which is one of ours.
    this.#at = (this.#at + 1) % this.addresses.length
    this.#named = undefined
    this.#hops = 0
    return false
  }
}

export class LeaderChannel {
  readonly #search: LeaderSearch
  readonly #messageBytesMax: number
  readonly #tls: ChannelTls | undefined
  #channel: Channel | undefined
  #closed = false

  constructor(addresses: readonly string[], messageBytesMax: number, tls?: ChannelTls) {
    this.#search = new LeaderSearch(addresses)
    this.#tls = tls
    this.#messageBytesMax = messageBytesMax
  }

  get several(): boolean {
    return this.#search.several
  }

  /** `again`: may be made a second time although the first may have taken effect. */
  async call<T>(work: (channel: Channel) => Promise<T>, again: boolean): Promise<T> {
    const untilMs = systemClock.monotonic() + patienceMs
    for (;;) {
      const channel = this.#current()
      try {
        const answer = await work(channel)
        this.#search.found()
        return answer
      } catch (error) {
        await this.#next(channel, error, again, untilMs)
      }
    }
  }

  /** A stream that may begin anew at another JobManager; `complete` tells whether its last message was the last of all. */
  async *stream<T>(
    open: (channel: Channel) => AsyncIterable<T>,
    complete?: (last: T | undefined) => boolean,
  ): AsyncGenerator<T> {
    let untilMs = systemClock.monotonic() + patienceMs
    for (;;) {
      const channel = this.#current()
      let last: T | undefined
      try {
        for await (const each of open(channel)) {
          last = each
          untilMs = Number.POSITIVE_INFINITY
          yield each
        }
        if (!this.several || complete === undefined || complete(last) || this.#closed) return
        throw rpcErrors.create('CONNECTION_LOST', { address: channel.address })
      } catch (error) {
        if (untilMs === Number.POSITIVE_INFINITY) untilMs = systemClock.monotonic() + patienceMs
        await this.#next(channel, error, complete !== undefined || last === undefined, untilMs)
      }
    }
  }

  close(): void {
    this.#closed = true
    this.#channel?.close()
  }

  #current(): Channel {
    const address = this.#search.current
    if (this.#channel?.address !== address) {
      this.#channel?.close()
      this.#channel = new Channel(address, this.#messageBytesMax, this.several ? pingMs : undefined, this.#tls)
    }
    return this.#channel
  }

  /** Returns when the call may be tried again, and throws `error` when not. */
  async #next(channel: Channel, error: unknown, again: boolean, untilMs: number): Promise<void> {
    const refused = leaderNamed(error) !== undefined || isUnreached(error)
    const unclear =
      isMillraceError(error, 'RPC_CONNECTION_LOST') ||
      isMillraceError(error, 'HA_DEPOSED') ||
      isMillraceError(error, 'JOBMANAGER_SHUTTING_DOWN')
    const worth = leaderNamed(error) !== undefined || (this.several && (refused || (unclear && again)))
    if (!worth || this.#closed || systemClock.monotonic() >= untilMs) throw error
    // Another call may have moved on already.
    if (this.#channel !== channel) return
    const atOnce = this.#search.failed(error)
    // A channel whose connection broke waits before it tries again; a new one does not.
    channel.close()
    this.#channel = undefined
    if (!atOnce) await new Promise<void>((resolve) => systemClock.setTimeout(resolve, pauseMs))
  }
}
