/**
 * What changed since the last snapshot, for state whose entries are not flat. Per entry: it is new (no snapshot has it),
 * changed, or gone (some snapshot has it). An entry that came and went between two snapshots leaves nothing.
 *
 * `freeze` hands the changes to a snapshot; when that does not count, `merge` puts them back under what changed since.
 */
export const change = { gone: 0, fresh: 1, changed: 2 } as const
export type Change = (typeof change)[keyof typeof change]

export class Changes<K> {
  entries = new Map<K, Change>()

  /** An entry was written. `existed`: it was there before. */
  put(key: K, existed: boolean): void {
    const was = this.entries.get(key)
    if (was === undefined) this.entries.set(key, existed ? change.changed : change.fresh)
    else if (was === change.gone) this.entries.set(key, change.changed)
  }

  /** An entry that was there is gone. Returns true when a snapshot may have it, so that a tombstone is due. */
  remove(key: K): boolean {
    if (this.entries.get(key) === change.fresh) {
      this.entries.delete(key)
      return false
    }
    this.entries.set(key, change.gone)
    return true
  }

  freeze(): Map<K, Change> {
    const frozen = this.entries
    this.entries = new Map()
    return frozen
  }

  /** Changes of a snapshot that does not count, older than all that are here. `onForgotten`: entries that no snapshot has any more. */
  merge(frozen: ReadonlyMap<K, Change>, onForgotten?: (key: K) => void): void {
    for (const [key, older] of frozen) {
      const newer = this.entries.get(key)
      if (newer === undefined) this.entries.set(key, older)
      else if (older === change.fresh) {
        if (newer === change.gone) {
          this.entries.delete(key)
          onForgotten?.(key)
        } else this.entries.set(key, change.fresh)
      } else if (newer === change.fresh) this.entries.set(key, change.changed)
    }
  }
}
