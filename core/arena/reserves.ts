/**
 * What each user of an arena can count on. An account (a number per owner, of which a slot has two per vertex) has a
 * minimum: so many of its segments are its own whatever others do, and what is beyond all minimums goes to whoever comes
 * first. So no sender can take the segment that another one needs before a barrier, and none is left to those behind it.
 *
 * Promises: while the minimums that were claimed fit into the arena, an account that holds less than its minimum is never
 * refused for longer than others take to give back what they have taken at the same moment.
 *
 * Concurrency: any thread at any time, without locks. Each segment bears the account that took it, and what an account holds
 * is counted from these marks, not kept in a counter: nothing has to be put right after a thread was killed. Who takes a
 * segment marks it first and looks then; two that look at the same time may both give theirs back, never both keep it. A
 * segment whose mark is not written yet counts for its holder before: one segment per owner is kept back for that.
 */

/** Accounts of one owner. */
export const maxAccounts = 1024
/** No account: gets what is beyond all minimums. */
export const noAccount = -1
/** The same for whoever can do without: leaves the last large segment to others. */
export const spareOnly = -2

/** Word indices. */
export interface ReserveWords {
  /** Bit map of free segments. */
  readonly free: number
  /** Account that took each segment. */
  readonly marks: number
  /** The sum of what is kept back, the number of accounts of each owner, then the minimums. */
  readonly table: number
}

export const reserveTableBytes = (owners: number): number => (1 + owners + owners * maxAccounts) * 4

export class Reserves {
  readonly #i32: Int32Array
  readonly #words: ReserveWords
  /** Segments that are shared out: the first so many. */
  readonly #segments: number
  readonly #owners: number
  readonly #held: Int32Array

  constructor(i32: Int32Array, words: ReserveWords, segments: number, owners: number) {
    this.#i32 = i32
    this.#words = words
    this.#segments = segments
    this.#owners = owners
    this.#held = new Int32Array(owners * maxAccounts)
  }

  /** Segments that are kept back, all owners together. */
  get claimed(): number {
    return Atomics.load(this.#i32, this.#words.table)
  }

  /** Segments that are shared out. */
  get segments(): number {
    return this.#segments
  }

  /** Segments that are kept back for other owners than these. */
  claimedBeside(owners: ReadonlySet<number>): number {
    const { table } = this.#words
    let claimed = 0
    for (let owner = 0; owner < this.#owners; owner++) {
      if (owners.has(owner)) continue
      const accounts = Atomics.load(this.#i32, table + 1 + owner)
      if (accounts > 0) claimed++
      for (let i = 0; i < accounts; i++) claimed += Atomics.load(this.#i32, this.#first(owner) + i)
    }
    return claimed
  }

  /** Segments that a claim of these minimums keeps back. */
  static cost(minimums: readonly number[]): number {
    return minimums.reduce((sum, each) => sum + each, 1)
  }

  /** Sets the minimums of an owner by account, in place of those it had. False, and nothing is changed: they do not fit. */
  claim(owner: number, minimums: readonly number[]): boolean {
    if (minimums.length > maxAccounts) return false
    this.disclaim(owner)
    const { table } = this.#words
    const cost = Reserves.cost(minimums)
    if (Atomics.add(this.#i32, table, cost) + cost > this.#segments) {
      Atomics.sub(this.#i32, table, cost)
      return false
    }
    const first = this.#first(owner)
    for (const [account, minimum] of minimums.entries()) Atomics.store(this.#i32, first + account, minimum)
    Atomics.store(this.#i32, table + 1 + owner, minimums.length)
    return true
  }

  disclaim(owner: number): void {
    const { table } = this.#words
    const accounts = Atomics.exchange(this.#i32, table + 1 + owner, 0)
    if (accounts === 0) return
    const first = this.#first(owner)
    let cost = 1
    for (let account = 0; account < accounts; account++) cost += Atomics.exchange(this.#i32, first + account, 0)
    Atomics.sub(this.#i32, table, cost)
  }

  /** Marks a segment that was just taken, and tells whether it may be kept. False: it is to be given back. */
  mayKeep(segment: number, owner: number, account: number): boolean {
    const { marks, table } = this.#words
    const own = account < 0 || account >= maxAccounts ? noAccount : owner * maxAccounts + account
    Atomics.store(this.#i32, marks + segment, own)
    const kept = Atomics.load(this.#i32, table)
    // As a rule there is plenty, and nothing is counted.
    if (kept === 0 || this.#free(kept) >= kept) return true
    this.#count()
    if (own >= 0 && this.#held[own] <= Atomics.load(this.#i32, this.#first(owner) + account)) return true
    const due = this.#due()
    return this.#free(due) >= due
  }

  #first(owner: number): number {
    return this.#words.table + 1 + this.#owners + owner * maxAccounts
  }

  /** Free segments; counting stops at `enough`. From the end: what is taken is taken from the start. */
  #free(enough: number): number {
    let free = 0
    for (let word = (this.#segments - 1) >>> 5; word >= 0 && free < enough; word--) {
      let bits = Atomics.load(this.#i32, this.#words.free + word)
      const over = this.#segments - (word << 5)
      if (over < 32) bits &= (1 << over) - 1
      free += ones(bits)
    }
    return free
  }

  #count(): void {
    const { table, free, marks } = this.#words
    const held = this.#held
    const i32 = this.#i32
    for (let owner = 0; owner < this.#owners; owner++) {
      const accounts = Atomics.load(this.#i32, table + 1 + owner)
      if (accounts > 0) held.fill(0, owner * maxAccounts, owner * maxAccounts + accounts)
    }
    for (let from = 0; from < this.#segments; from += 32) {
      let taken = ~Atomics.load(i32, free + (from >>> 5))
      if (this.#segments - from < 32) taken &= (1 << (this.#segments - from)) - 1
      while (taken !== 0) {
        const segment = from + 31 - Math.clz32(taken & -taken)
        taken &= taken - 1
        // Read plainly, for hundreds of them: one that is being written may count for its holder before all the same.
        const mark = i32[marks + segment]
        if (mark >= 0) held[mark]++
      }
    }
  }

  /** What others may still ask for, and one for each owner that is about to write its mark. */
  #due(): number {
    const { table } = this.#words
    let due = 0
    for (let owner = 0; owner < this.#owners; owner++) {
      const accounts = Atomics.load(this.#i32, table + 1 + owner)
      if (accounts === 0) continue
      due++
      const first = this.#first(owner)
      for (let account = 0; account < accounts; account++)
        due += Math.max(0, Atomics.load(this.#i32, first + account) - this.#held[owner * maxAccounts + account])
    }
    return due
  }
}

function ones(bits: number): number {
  let n = bits - ((bits >>> 1) & 0x55555555)
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333)
  return (((n + (n >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24
}
