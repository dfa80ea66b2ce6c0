/**
 * Connections between processes: in order, late, cut, or silent. Between two machines that are cut off from each other nothing
 * arrives, not even that the other has died; what was sent waits, and arrives or is lost with its connection when the cut heals.
 */
import { Life, type World } from './world.ts'

/** One end of a connection. */
export class End {
  readonly life: Life
  readonly host: string
  #peer: End | undefined
  readonly #network: Network
  #open = true
  #lastMs = 0
  /** On its way to here, while the way is cut. */
  readonly #held: (() => void)[] = []
  /** Came before anybody listened. */
  readonly #early: unknown[] = []
  #message: ((message: unknown) => void) | undefined
  #ended: ((error: Error) => void) | undefined

  constructor(network: Network, life: Life) {
    this.#network = network
    this.life = life
    this.host = life.root.name
    life.onEnd(() => this.#die())
  }

  join(peer: End): void {
    this.#peer = peer
  }

  get peer(): End {
    return this.#peer as End
  }

  get open(): boolean {
    return this.#open
  }

  listen(message: (message: unknown) => void, ended: (error: Error) => void): void {
    this.#message = message
    this.#ended = ended
    for (const each of this.#early.splice(0)) this.#message(each)
  }

  send(message: unknown): void {
    if (!this.#open) return
    const copy = structuredClone(message)
    this.peer.#arrive(() => this.peer.#receive(copy))
  }

  /** The other end hears of it, after all that was sent. */
  close(error: Error = new Error('the other end closed the connection')): void {
    if (!this.#open) return
    this.#open = false
    this.peer.#arrive(() => this.peer.cut(error))
  }

  /** This end is told, the other finds out for itself. */
  cut(error: Error): void {
    if (!this.#open) return
    this.#open = false
    this.#network.world.at(0, this.life, () => this.#ended?.(error))
  }

  /** What waited for the way to be free again. */
  flush(): void {
    const { world } = this.#network
    world.at(this.#network.latency(), undefined, () => {
      if (this.#network.isCut(this.host, this.peer.host)) return
      for (const arrival of this.#held.splice(0)) arrival()
    })
  }

  #arrive(arrival: () => void): void {
    const { world } = this.#network
    // In order: never before what was sent first.
    this.#lastMs = Math.max(this.#lastMs + 0.001, world.nowMs + this.#network.latency())
    world.at(this.#lastMs - world.nowMs, undefined, () => {
      // Behind what waits, also when the way is free again.
      if (this.#held.length > 0 || this.#network.isCut(this.host, this.peer.host)) this.#held.push(arrival)
      else arrival()
    })
  }

  #receive(message: unknown): void {
    if (!this.#open || !this.life.alive) {
      // Nobody there: the system answers with a reset.
      this.peer.#arrive(() => this.peer.cut(new Error('the connection was reset')))
      return
    }
    this.#network.world.at(0, this.life, () => {
      if (!this.#open) return
      if (this.#message === undefined) this.#early.push(message)
      else this.#message(message)
    })
  }

  /** The system closes the sockets of a process that ended. */
  #die(): void {
    if (!this.#open) return
    this.#open = false
    this.peer.#arrive(() => this.peer.cut(new Error('the connection was closed')))
  }
}

export class Network {
  readonly world: World
  readonly #listeners = new Map<string, { readonly life: Life; accept(end: End): void }>()
  readonly #cuts = new Map<string, number>()
  readonly #ends = new Set<End>()

  constructor(world: World) {
    this.world = world
  }

  latency(): number {
    return this.world.chance(0.002) ? this.world.delay(20, 1500) : this.world.delay(0.1, 4)
  }

  /** `address`: host, colon, anything. */
  listen(address: string, life: Life, accept: (end: End) => void): void {
    this.#listeners.set(address, { life, accept })
  }

  connect(life: Life, address: string): End {
    const own = new End(this, life)
    const host = address.slice(0, address.indexOf(':'))
    const there = this.#listeners.get(address)
    const other = new End(this, there?.life.alive === true ? there.life : deadAt(host))
    own.join(other)
    other.join(own)
    this.#ends.add(own)
    this.world.at(this.latency(), undefined, () => {
      // A cut way: nothing at all, until somebody loses patience.
      if (this.isCut(own.host, host)) {
        this.world.at(5000, undefined, () => own.cut(new Error(`no answer from ${address}`)))
        return
      }
      const found = this.#listeners.get(address)
      if (found === undefined || found.life !== other.life || !found.life.alive) {
        own.cut(new Error(`${address} refuses connections`))
        return
      }
      this.world.at(0, found.life, () => found.accept(other))
    })
    return own
  }

  isCut(a: string, b: string): boolean {
    return (this.#cuts.get(pair(a, b)) ?? 0) > 0
  }

  cut(a: string, b: string): void {
    this.world.note('network', `${a} and ${b} are cut off from each other`)
    this.#cuts.set(pair(a, b), (this.#cuts.get(pair(a, b)) ?? 0) + 1)
  }

  /** Connections over the way live on, or break. */
  heal(a: string, b: string): void {
    const left = (this.#cuts.get(pair(a, b)) ?? 0) - 1
    this.#cuts.set(pair(a, b), left)
    if (left > 0) return
    this.world.note('network', `${a} and ${b} reach each other again`)
    for (const end of this.#over(a, b)) {
      if (this.world.chance(0.5)) reset(end)
      end.flush()
      end.peer.flush()
    }
  }

  /** All connections between the two break. */
  reset(a: string, b: string): void {
    this.world.note('network', `connections between ${a} and ${b} break`)
    for (const end of this.#over(a, b)) reset(end)
  }

  #over(a: string, b: string): End[] {
    for (const end of this.#ends) if (!end.open && !end.peer.open) this.#ends.delete(end)
    return [...this.#ends].filter((end) => pair(end.host, end.peer.host) === pair(a, b))
  }
}

function reset(end: End): void {
  const error = new Error('the connection was reset')
  end.cut(error)
  end.peer.cut(error)
}

const pair = (a: string, b: string): string => (a < b ? `${a} ${b}` : `${b} ${a}`)

function deadAt(host: string): Life {
  const life = new Life(host)
  life.end()
  return life
}
