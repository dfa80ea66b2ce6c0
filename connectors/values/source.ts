/** The records of an array, in order: for trying things and for tests. One split, whose offset is the next index. */
import type { Source, SourceOutput, SourceReader, SplitState } from '../../sdk/source.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { badOption, checkOptions } from '../errors.ts'

const splitId = 'values'

export function values<T>(records: readonly T[], options: { readonly type?: TypeDef<T> } = {}): Source<T> {
  checkOptions('source.values', options, ['type'])
  if (!Array.isArray(records)) throw badOption('source.values', 'records', records, 'an array')
  return {
    kind: 'source',
    name: `${records.length} values`,
    bounded: true,
    type: options.type,
    discoverSplits: () => [{ splitId, offset: 0 }],
    owner: () => 0,
    createReader: () => new ValuesReader(records),
  }
}

class ValuesReader<T> implements SourceReader<T> {
  readonly #records: readonly T[]
  /** -1: the split belongs to another subtask. */
  #next = -1

  constructor(records: readonly T[]) {
    this.#records = records
  }

  addSplits(splits: readonly SplitState[]): void {
    for (const split of splits) this.#next = split.offset as number
  }

  poll(output: SourceOutput<T>): 'more' | 'end' {
    if (this.#next < 0) return 'end'
    const end = Math.min(this.#records.length, this.#next + output.room)
    while (this.#next < end) output.collect(this.#records[this.#next++], splitId)
    return this.#next >= this.#records.length ? 'end' : 'more'
  }

  snapshot(): readonly SplitState[] {
    if (this.#next < 0) return []
    return [{ splitId, offset: this.#next, ...(this.#next >= this.#records.length ? { finished: true } : {}) }]
  }

  close(): void {
    // Nothing is held.
  }
}
