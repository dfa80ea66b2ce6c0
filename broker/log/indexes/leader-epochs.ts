/**
 * Which leader epoch began at which offset. On disk `leader-epoch-checkpoint`: version (0), count, one line "epoch offset" each.
 * Epochs and offsets ascend strictly.
 *
 * In memory; one thread.
 */

export interface EpochStart {
  readonly epoch: number
  readonly startOffset: number
}

export class LeaderEpochs {
  #entries: EpochStart[] = []

  get entries(): readonly EpochStart[] {
    return this.#entries
  }

  /** -1 when nothing was written. */
  get latest(): number {
    return this.#entries.length === 0 ? -1 : this.#entries[this.#entries.length - 1].epoch
  }

  /** An append at `startOffset` in `epoch`; true when the epoch is new. */
  assign(epoch: number, startOffset: number): boolean {
    if (epoch <= this.latest) return false
    this.truncateFrom(startOffset)
    this.#entries.push({ epoch, startOffset })
    return true
  }

  /** The log ends at `offset` now. */
  truncateFrom(offset: number): void {
    this.#entries = this.#entries.filter((entry) => entry.startOffset < offset)
  }

  /** The log starts at `offset` now: the epoch in force there starts there. */
  truncateBelow(offset: number): void {
    let keep = -1
    for (let i = 0; i < this.#entries.length && this.#entries[i].startOffset <= offset; i++) keep = i
    if (keep < 0) return
    const { epoch } = this.#entries[keep]
    this.#entries = [{ epoch, startOffset: offset }, ...this.#entries.slice(keep + 1)]
  }

  epochAt(offset: number): number {
    let epoch = -1
    for (const entry of this.#entries) if (entry.startOffset <= offset) epoch = entry.epoch
    return epoch
  }

  /**
   * The largest epoch at or below `epoch`, and where it ended; `current` is the epoch that is being written, up to
   * `logEndOffset`. { -1, -1 } for an epoch that has not been.
   */
  endOffsetFor(epoch: number, current: number, logEndOffset: number): { epoch: number; endOffset: number } {
    if (epoch === current) return { epoch, endOffset: logEndOffset }
    if (epoch < 0 || epoch > current) return { epoch: -1, endOffset: -1 }
    let floor = -1
    for (const entry of this.#entries) {
      if (entry.epoch > epoch) return { epoch: floor < 0 ? epoch : floor, endOffset: entry.startOffset }
      floor = entry.epoch
    }
    return { epoch: floor < 0 ? epoch : floor, endOffset: logEndOffset }
  }

  encode(): string {
    const lines = this.#entries.map(({ epoch, startOffset }) => `${epoch} ${startOffset}\n`)
    return `0\n${lines.length}\n${lines.join('')}`
  }

  /** Undefined when the text is not such a file. */
  static decode(text: string): LeaderEpochs | undefined {
    const [version, count, ...lines] = text.split('\n')
    const epochs = new LeaderEpochs()
    if (version !== '0' || !/^\d+$/.test(count ?? '') || lines.length < Number(count)) return undefined
    for (const line of lines.slice(0, Number(count))) {
      const match = /^(\d+) (\d+)$/.exec(line)
      if (match === null || !epochs.assign(Number(match[1]), Number(match[2]))) return undefined
    }
    return epochs.entries.length === Number(count) ? epochs : undefined
  }
}
