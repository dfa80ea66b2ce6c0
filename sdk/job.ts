/**
 * `defineJob`: what a job file exports. Building a graph is pure: it runs in the client and again in every slot, and
 * must give the same graph each time, so parameters are read with `env.option` and from nowhere else.
 */
import { type Duration, durationMs } from './duration.ts'
import { sdkErrors } from './errors.ts'
import { checkFunction, declaredField, type GraphBuilder, type StatefulOptions } from './graph/builder.ts'
import type { SourceBody } from './graph/nodes.ts'
import { refuseUnknown } from './graph/options.ts'
import { atText, userPosition } from './graph/position.ts'
import { readsOf } from './graph/reads.ts'
import type { Source } from './source.ts'
import { originOf, Stream } from './stream.ts'

const jobBrand = Symbol.for('millrace.job')

export interface JobOptions {
  /** Parallelism of operators that have none of their own; `-p` and `parallelism.default` of the submission go first. */
  readonly parallelism?: number
  /** Configuration of the job by key; what the submission sets goes first. */
  readonly options?: Readonly<Record<string, string | number | boolean>>
}

export interface Job {
  readonly name: string
  readonly build: (env: Environment) => void
  readonly options: JobOptions
}

/** Fields that may hold event time: numbers of epoch milliseconds, or dates. */
export type TimeField<T> = { [K in keyof T & string]-?: T[K] extends number | Date ? K : never }[keyof T & string]

export interface FromOptions<T> extends StatefulOptions {
  /** Event time of a record: the name of a field, or a function to epoch milliseconds. Without it, what the source gives. */
  readonly eventTime?: TimeField<T> | ((record: T) => number | Date)
  /** How far a record may be behind the newest. Default 0. */
  readonly maxOutOfOrderness?: Duration
  /** A split without records for this long does not hold the watermark back. */
  readonly idleAfter?: Duration
  /**
   * Keeps the sources of a group, and the splits of each, together in event time: a split that is more than `maxDrift` ahead of
   * the slowest one is not read until that has come closer. Splits that are idle (`idleAfter`) hold nobody back.
   */
  readonly alignment?: { readonly group: string; readonly maxDrift: Duration }
  /** 'none' for streams without event time, or a generator of one's own. Default: newest event time less `maxOutOfOrderness`. */
  readonly watermarks?: SourceBody['watermarks']
}

/** Where a job's streams begin. */
export class Environment {
  readonly #builder: GraphBuilder
  readonly #given: Readonly<Record<string, string>>
  readonly #set: Map<string, string>
  /** Parallelism of operators that have none of their own. */
  readonly parallelism: number

  /** Made by `buildGraph`. `given`: options of the submission. */
  constructor(
    builder: GraphBuilder,
    given: Readonly<Record<string, string>>,
    set: Map<string, string>,
    parallelism: number,
  ) {
    this.#builder = builder
    this.#given = given
    this.#set = set
    this.parallelism = parallelism
  }

  /** A stream of the records of a source. */
  from<T, Side extends Record<string, unknown>>(source: Source<T, Side>, options: FromOptions<T>): Stream<T, Side> {
    if (source?.kind !== 'source') {
      throw sdkErrors.create('BAD_ARGUMENT', {
        what: 'env.from',
        expected: 'a source',
        value: typeof source,
        at: atText(userPosition()),
      })
    }
    const { eventTime, maxOutOfOrderness, idleAfter, alignment, watermarks = 'bounded' } = options ?? {}
    if (typeof eventTime === 'string') declaredField(source.type, eventTime, 'eventTime')
    else if (eventTime !== undefined) checkFunction(eventTime, 'eventTime')
    const reads = typeof eventTime === 'function' ? readsOf(eventTime) : eventTime === undefined ? [] : [eventTime]
    const node = this.#builder.add({
      body: {
        kind: 'source',
        source: source as unknown as Source<unknown>,
        eventTime: eventTime as SourceBody['eventTime'],
        maxOutOfOrdernessMs: maxOutOfOrderness === undefined ? 0 : durationMs(maxOutOfOrderness),
        idleAfterMs: idleAfter === undefined ? undefined : durationMs(idleAfter),
        watermarks,
        ...(alignment === undefined ? {} : { alignment: alignmentOf(alignment, watermarks) }),
      },
      name: source.name,
      inputs: [],
      options: options ?? {},
      stateful: true,
      type: source.type,
      sides: source.sideOutputs ?? {},
      reads,
    })
    return new Stream(originOf(this.#builder, node, source.type, source.sideOutputs ?? {}))
  }

  /** An option of the submission (`-D key=value`), or of the job, or `fallback`. */
  option(key: string): string | undefined
  option(key: string, fallback: string): string
  option(key: string, fallback?: string): string | undefined {
    return this.#given[key] ?? this.#set.get(key) ?? fallback
  }

  /** Sets an option of the job, such as 'execution.checkpointing.interval'. What the submission sets goes first. */
  set(key: string, value: string | number | boolean): this {
    this.#set.set(key, String(value))
    return this
  }
}

function alignmentOf(
  alignment: NonNullable<FromOptions<unknown>['alignment']>,
  watermarks: SourceBody['watermarks'],
): NonNullable<SourceBody['alignment']> {
  refuseUnknown(alignment, ['group', 'maxDrift'], 'alignment', userPosition())
  const { group, maxDrift } = alignment
  const wrong = (what: string, expected: string, value: unknown): Error =>
    sdkErrors.create('BAD_ARGUMENT', { what, expected, value: String(value), at: atText(userPosition()) })
  if (typeof group !== 'string' || group === '') throw wrong('alignment.group', 'a name', group)
  if (maxDrift === undefined) throw wrong('alignment.maxDrift', 'a duration', maxDrift)
  if (watermarks === 'none') throw wrong('alignment', 'a source with watermarks', group)
  return { group, maxDriftMs: durationMs(maxDrift) }
}

/** Declares a job; export it as the default of a file. `build` adds to the graph and returns nothing. */
export function defineJob(name: string, build: (env: Environment) => void, options: JobOptions = {}): Job {
  if (typeof name !== 'string' || name.length < 1 || name.length > 200) {
    throw sdkErrors.create('BAD_JOB_NAME', { value: JSON.stringify(name) ?? String(name) })
  }
  if (typeof build !== 'function') {
    throw sdkErrors.create('BAD_ARGUMENT', {
      what: 'defineJob',
      expected: 'a function that builds the job',
      value: typeof build,
      at: atText(userPosition()),
    })
  }
  refuseUnknown(options, ['parallelism', 'options'], 'defineJob', userPosition())
  const job: Job = { name, build, options }
  Object.defineProperty(job, jobBrand, { value: true })
  return Object.freeze(job)
}

/** Whether a value is a job, made by whichever copy of this package. */
export function isJob(value: unknown): value is Job {
  return typeof value === 'object' && value !== null && jobBrand in value
}
