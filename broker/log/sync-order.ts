/**
 * Syncs of one log that are on their way at the same time. None counts before all that began earlier have ended well: they may have the
 * names of files, or bad news. One thread.
 */
export class SyncOrder {
  /** Everything below is synced, or on its way. */
  begunOffset: number
  #syncs: { readonly offset: number; done: boolean }[] = []

  constructor(syncedOffset: number) {
    this.begunOffset = syncedOffset
  }

  /** True while one is on its way, or has failed. */
  get isBusy(): boolean {
    return this.#syncs.length > 0
  }

  /** A sync of everything below `offset` begins. `end` says that it went well, and gives what counts now: an offset, or -1 for no more than before. */
  begin(offset: number): { end(): number } {
    const sync = { offset, done: false }
    this.begunOffset = offset
    this.#syncs.push(sync)
    return {
      end: () => {
        sync.done = true
        const open = this.#syncs.findIndex((each) => !each.done)
        const ended = this.#syncs.splice(0, open < 0 ? this.#syncs.length : open)
        return ended.at(-1)?.offset ?? -1
      },
    }
  }
}
