/**
 * Records made from their sequence number: 0, 1, 2, … Record n is the same in every run, so a restore continues exactly
 * where the checkpoint was.
 *
 * Sequence numbers are dealt to splits in blocks, round about (block b belongs to split b mod splits), and a reader takes
 * the lowest number of its splits next: event time stays in step over splits and subtasks, at any parallelism. All
 * state belongs to the slot's thread.
 */
import { systemClock, type TimerHandle } from '../../core/platform/clock.ts'
import type { ColumnWriter, Source, SourceContext, SourceOutput, SourceReader, SplitState } from '../../sdk/source.ts'
import type { TypeDef } from '../../sdk/types.ts'
import { badOption, checkInteger, checkOptions } from '../errors.ts'

/** Divides evenly by 1, 2, 3, 4, 6, 8, 12 and 24 subtasks. */
const splitsDefault = 24
const blockRows = 4096

type SideTypes<Side extends Record<string, unknown>> = { readonly [K in keyof Side]: TypeDef<Side[K]> }

interface GeneratorCommon<T, Side extends Record<string, unknown>> {
  readonly type?: TypeDef<T>
  /** Records in all; absent: without end. */
  readonly count?: number
  /** Records per second over all subtasks; absent: as fast as they are taken. */
  readonly rate?: number
  /** 24 unless given: the highest useful parallelism. */
  readonly splits?: number
  readonly sideOutputs?: SideTypes<Side>
}

/** Emits to a side output. */
export type EmitSide<Side extends Record<string, unknown>> = <K extends keyof Side & string>(
  tag: K,
  record: Side[K],
) => void

export interface RowGenerator<T, Side extends Record<string, unknown>> extends GeneratorCommon<T, Side> {
  /** Record n. Pure. Undefined: nothing on the main output (it may have gone to a side output). */
  create(n: number, side: EmitSide<Side>): T | undefined
}

export interface ColumnGenerator<T, Side extends Record<string, unknown>> extends GeneratorCommon<T, Side> {
  readonly type: TypeDef<T>
  /**
   * Most rows of a side output for each number, give or take a few; absent: 1. No `fill` is asked for more numbers than
   * have room in every output, so 0.02 for an output of every fiftieth number makes for larger batches.
   */
  readonly sideRows?: { readonly [K in keyof Side]?: number }
  /**
   * Writes records `from` to `to` - 1 as columns and commits; the same pure function of the numbers. `side` opens the
   * columns of a side output; what is opened must be committed. A field that the writer does not want (`writer.wants`) may
   * be left out.
   */
  fill(writer: ColumnWriter, from: number, to: number, side: (tag: keyof Side & string) => ColumnWriter): void
}

type Options<T, Side extends Record<string, unknown>> = GeneratorCommon<T, Side> & {
  readonly create?: RowGenerator<T, Side>['create']
  readonly fill?: ColumnGenerator<T, Side>['fill']
  readonly sideRows?: ColumnGenerator<T, Side>['sideRows']
}

const known = ['type', 'count', 'rate', 'splits', 'sideOutputs', 'create', 'fill', 'sideRows']
/** Rows that an output of fewer rows than numbers may have beyond its share of them. */
const sideSlack = 16

export function generator<T, Side extends Record<string, unknown> = Record<never, never>>(
  options: RowGenerator<T, Side> | ColumnGenerator<T, Side>,
): Source<T, Side> {
  const given = options as Options<T, Side>
  checkOptions('source.generator', given, known)
  checkInteger('source.generator', 'count', given.count, 0)
  checkInteger('source.generator', 'splits', given.splits, 1, 4096)
  if (given.rate !== undefined && !(given.rate > 0))
    throw badOption('source.generator', 'rate', given.rate, 'records per second above 0')
  if ((given.create === undefined) === (given.fill === undefined)) {
    throw badOption('source.generator', 'create', given.create, 'either create(n) or fill(writer, from, to, side)')
  }
  if (given.fill !== undefined && given.type === undefined)
    throw badOption('source.generator', 'type', undefined, 'a type: fill writes its columns')
  for (const [tag, rows] of Object.entries(given.sideRows ?? {})) {
    if (given.sideOutputs?.[tag] === undefined)
      throw badOption('source.generator', 'sideRows', tag, `one of ${Object.keys(given.sideOutputs ?? {}).join(', ')}`)
    if (!(typeof rows === 'number' && rows > 0))
      throw badOption('source.generator', `sideRows.${tag}`, rows, 'a number above 0')
  }
  const splits = given.splits ?? splitsDefault
  const layout = { splits, blockRows: blockRowsFor(given.rate), count: given.count ?? Number.POSITIVE_INFINITY }
  return {
    kind: 'source',
    name: 'generator',
    bounded: given.count !== undefined,
    type: given.type,
    sideOutputs: given.sideOutputs,
    discoverSplits: () =>
      Array.from({ length: splits }, (_, i) => ({
        splitId: `generator-${i}-of-${splits}`,
        offset: { next: i * layout.blockRows, blockRows: layout.blockRows },
      })),
    owner: (splitId, parallelism) => partsOf(splitId).index % parallelism,
    createReader: (context) => new GeneratorReader(given, layout, context),
  }
}

interface Layout {
  readonly splits: number
  readonly blockRows: number
  readonly count: number
}

/** Small blocks for a slow generator, so that no split waits for long for its turn. */
function blockRowsFor(rate: number | undefined): number {
  let rows = blockRows
  if (rate !== undefined) while (rows > 1 && rows > rate / 500) rows >>>= 1
  return rows
}

function partsOf(splitId: string): { index: number; of: number } {
  const [, index, of] = /^generator-(\d+)-of-(\d+)$/.exec(splitId) ?? []
  return { index: Number(index), of: Number(of) }
}

/** The block size stays with the split: a restored job may have another rate, and its numbers must not be dealt anew. */
interface GeneratorOffset {
  /** Next sequence number. */
  readonly next: number
  readonly blockRows: number
}

interface Split {
  readonly splitId: string
  readonly blockRows: number
  /** Next sequence number. */
  next: number
  finished: boolean
}

class GeneratorReader<T, Side extends Record<string, unknown>> implements SourceReader<T> {
  readonly #options: Options<T, Side>
  readonly #layout: Layout
  readonly #context: SourceContext
  readonly #splits: Split[] = []
  #timer: TimerHandle | undefined
  /** Rate: number that was due at `#startMs`. */
  #startNumber = Number.NaN
  #startMs = 0

  constructor(options: Options<T, Side>, layout: Layout, context: SourceContext) {
    this.#options = options
    this.#layout = layout
    this.#context = context
  }

  addSplits(splits: readonly SplitState[]): void {
    for (const { splitId, offset, finished } of splits) {
      const { next, blockRows: rows } = offset as GeneratorOffset
      if (partsOf(splitId).of !== this.#layout.splits) {
        throw badOption(
          'source.generator',
          'splits',
          this.#layout.splits,
          `${partsOf(splitId).of}, as in the checkpoint: numbers are dealt to splits once and for all`,
        )
      }
      this.#splits.push({ splitId, blockRows: rows, next, finished: finished === true || next >= this.#layout.count })
    }
  }

  poll(output: SourceOutput<T>): 'more' | 'idle' | 'end' {
    const split = this.#lowest()
    if (split === undefined) return this.#splits.length === 0 || this.#options.count !== undefined ? 'end' : 'idle'
    const { splits, count } = this.#layout
    const { next: from, blockRows: rows } = split
    const blockEnd = from - (from % rows) + rows
    // Columns have the room that their writer has.
    let to = Math.min(blockEnd, count, this.#options.fill === undefined ? from + output.room : blockEnd)
    if (this.#options.rate !== undefined) {
      const due = this.#due(split, this.#options.rate)
      if (due <= from) {
        this.#wakeAt(from, this.#options.rate)
        return 'idle'
      }
      to = Math.min(to, due)
    }
    if (to <= from) return 'more'
    const emitted =
      this.#options.fill === undefined ? this.#create(output, split, from, to) : this.#fill(output, split, from, to)
    split.next = emitted < blockEnd ? emitted : blockEnd + (splits - 1) * rows
    if (emitted >= count || split.next >= count) {
      split.finished = true
      output.splitFinished?.(split.splitId)
    }
    return 'more'
  }

  snapshot(): readonly SplitState[] {
    return this.#splits.map(({ splitId, next, blockRows: rows, finished }) => {
      const offset: GeneratorOffset = { next, blockRows: rows }
      return finished ? { splitId, offset, finished } : { splitId, offset }
    })
  }

  close(): void {
    systemClock.clearTimeout(this.#timer)
    this.#timer = undefined
  }

  #create(output: SourceOutput<T>, split: Split, from: number, to: number): number {
    const { create } = this.#options
    const { splitId } = split
    const side = (tag: string, record: unknown): void => output.collectSide(tag, record, splitId)
    for (let n = from; n < to; n++) {
      const record = create?.(n, side as EmitSide<Side>)
      if (record !== undefined) output.collect(record, splitId)
    }
    return to
  }

  #fill(output: SourceOutput<T>, split: Split, from: number, to: number): number {
    const writer = output.columns(split.splitId)
    const end = Math.min(to, from + this.#room(output, split, writer.capacity))
    this.#options.fill?.(writer, from, end, (tag) => output.sideColumns(tag, split.splitId))
    return end
  }

  /** Numbers whose records have room in all outputs. Opens them all, so that `fill` finds memory for each. */
  #room(output: SourceOutput<T>, split: Split, capacity: number): number {
    const { sideOutputs, sideRows } = this.#options
    let room = capacity
    for (const tag in sideOutputs) {
      const rows = sideRows?.[tag] ?? 1
      const side = output.sideColumns(tag, split.splitId).capacity
      room = Math.min(room, Math.floor((rows < 1 ? side - sideSlack : side) / rows))
    }
    return Math.max(1, room)
  }

  #lowest(): Split | undefined {
    let lowest: Split | undefined
    for (const split of this.#splits)
      if (!split.finished && (lowest === undefined || split.next < lowest.next)) lowest = split
    return lowest
  }

  /** Numbers below the result may be emitted now. */
  #due(split: Split, rate: number): number {
    const now = this.#context.now()
    if (Number.isNaN(this.#startNumber)) {
      this.#startNumber = split.next - (split.next % split.blockRows)
      this.#startMs = now
    }
    return this.#startNumber + Math.floor(((now - this.#startMs) * rate) / 1000)
  }

  #wakeAt(n: number, rate: number): void {
    if (this.#timer !== undefined) return
    const dueMs = this.#startMs + ((n + 1 - this.#startNumber) * 1000) / rate
    this.#timer = systemClock.setTimeout(
      () => {
        this.#timer = undefined
        this.#context.wake()
      },
      Math.max(1, Math.ceil(dueMs - this.#context.now())),
    )
  }
}
