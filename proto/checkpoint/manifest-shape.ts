/**
 * Checks that decoded JSON has the shape of a manifest, so that nobody after it meets a value of another kind. Properties
 * that it does not know are kept: a later version may have added them compatibly. Pure.
 */
import { errors } from './errors.ts'
import type { Manifest } from './manifest.ts'
import { rangeCount } from './ranges.ts'

type Check = (value: unknown, path: string) => void

class ShapeError extends Error {}

const fail = (path: string, wanted: string): never => {
  throw new ShapeError(`${path === '' ? 'the body' : path} is not ${wanted}`)
}

const text: Check = (value, path) => {
  if (typeof value !== 'string') fail(path, 'a text')
}
const integer: Check = (value, path) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0) fail(path, 'a whole number from 0')
}
const range: Check = (value, path) => {
  if (!Number.isSafeInteger(value) || (value as number) < 0 || (value as number) > rangeCount) fail(path, 'a key range')
}
/** Any time that a Date can hold. */
const time: Check = (value, path) => {
  if (typeof value !== 'number' || !(Math.abs(value) <= 8.64e15)) fail(path, 'a time')
}
const truth: Check = (value, path) => {
  if (typeof value !== 'boolean') fail(path, 'true or false')
}
const anything: Check = (value, path) => {
  if (value === undefined) fail(path, 'there')
}
const optional =
  (check: Check): Check =>
  (value, path) => {
    if (value !== undefined) check(value, path)
  }
const oneOf =
  (...values: readonly unknown[]): Check =>
  (value, path) => {
    if (!values.includes(value)) fail(path, `one of ${values.join(', ')}`)
  }
const list =
  (check: Check): Check =>
  (value, path) => {
    if (!Array.isArray(value)) fail(path, 'a list')
    for (const [index, item] of (value as unknown[]).entries()) check(item, `${path}[${index}]`)
  }
const object =
  (fields: Readonly<Record<string, Check>>, also?: (value: Record<string, unknown>, path: string) => void): Check =>
  (value, path) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(path, 'an object')
    for (const [name, check] of Object.entries(fields)) {
      const own = Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined
      check(own, path === '' ? name : `${path}.${name}`)
    }
    also?.(value as Record<string, unknown>, path)
    return undefined
  }

const scalarKinds = ['float64', 'int32', 'int64', 'boolean', 'string', 'bytes', 'timestamp', 'date', 'any']
const nestingMax = 64

const dataType =
  (depth: number): Check =>
  (value, path) => {
    if (depth > nestingMax) fail(path, `nested at most ${nestingMax} deep`)
    object({ kind: oneOf(...scalarKinds, 'struct', 'list') })(value, path)
    const kind = (value as { kind: string }).kind
    if (kind === 'struct') object({ fields: list(field(depth + 1)) })(value, path)
    if (kind === 'list') object({ item: field(depth + 1) })(value, path)
  }
const field =
  (depth: number): Check =>
  (value, path) =>
    object({ name: text, type: dataType(depth), nullable: optional(truth), optional: optional(truth) })(value, path)

const stateKinds = [
  'value',
  'list',
  'map',
  'reducing',
  'aggregating',
  'window',
  'timers',
  'splits',
  'operator',
  'committables',
]
const state = object({ name: text, kind: oneOf(...stateKinds), type: optional(field(0)), keyed: truth })

const ordered = (value: Record<string, unknown>, path: string): void => {
  if ((value.from as number) > (value.to as number)) fail(path, 'a range from low to high')
}

const run = object(
  {
    path: text,
    bytes: integer,
    entries: integer,
    crc: integer,
    from: range,
    to: range,
    kind: oneOf('base', 'delta'),
    inline: optional(text),
  },
  (value, path) => {
    ordered(value, path)
    if ((value.path === '') !== (value.inline !== undefined)) fail(path, 'either a file or inline')
  },
)
const split = object({ splitId: text, finished: optional(truth) })

const subtask = object(
  {
    from: range,
    to: range,
    runs: list(run),
    splits: optional(list(split)),
    committables: optional(list(anything)),
    finished: optional(truth),
  },
  ordered,
)

const operator = object(
  {
    uid: text,
    node: integer,
    name: text,
    kind: text,
    vertex: integer,
    parallelism: integer,
    state: list(state),
    subtasks: list(subtask),
  },
  (value, path) => {
    if ((value.subtasks as unknown[]).length !== value.parallelism) fail(`${path}.subtasks`, 'one per subtask')
  },
)

const operatorPlan = object({ node: integer, uid: text, name: text, kind: text, state: list(state), onError: text })
const vertexPlan = object({ id: integer, name: text, parallelism: integer, operators: list(operatorPlan) })
const plan = object({
  version: integer,
  name: text,
  hash: text,
  vertices: list(vertexPlan),
  edges: list(object({ id: integer })),
  options: object({}),
})

const channels = object(
  { vertex: integer, subtask: integer, path: text, bytes: integer, crc: integer, inline: optional(text) },
  (value, path) => {
    if ((value.path === '') !== (value.inline !== undefined)) fail(path, 'either a file or inline')
  },
)

const manifest = object({
  version: oneOf(1),
  jobId: text,
  jobName: text,
  checkpointId: integer,
  kind: oneOf('checkpoint', 'savepoint'),
  epoch: integer,
  timeMs: time,
  plan,
  operators: list(operator),
  channels: list(channels),
})

/** The value as a manifest. Throws CHECKPOINT_MALFORMED. */
export function checkManifest(value: unknown, where: string): Manifest {
  return checkShape(manifest, value, where) as Manifest
}

/** What the register of a job holds: the leader that may set it, and the checkpoints that are kept. */
export interface Pointer {
  readonly jobId: string
  /** Fencing epoch of the leader that set it last. */
  readonly epoch: number
  /** Checkpoints that are kept, newest first; none before the first one is complete. */
  readonly retained: readonly number[]
}

const pointer = object({ jobId: text, epoch: integer, retained: list(integer) })

/** The value as a pointer. Throws CHECKPOINT_MALFORMED. */
export function checkPointer(value: unknown, where: string): Pointer {
  return checkShape(pointer, value, where) as Pointer
}

function checkShape(check: Check, value: unknown, where: string): unknown {
  try {
    check(value, '')
    return value
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause
    throw errors.create('MALFORMED', { where, reason: cause.message }, { cause })
  }
}
