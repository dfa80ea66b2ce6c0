/** `process`: the operator that can do anything, with or without keyed state. */

import { sdkErrors } from './errors.ts'
import type { ElementContext, Emit, TimerContext } from './functions.ts'
import { checkFunction, type GraphBuilder, type KeyedStateOptions, type OperatorOptions } from './graph/builder.ts'
import type { NodeInput, OnElement, ProcessBody } from './graph/nodes.ts'
import { atText, userPosition } from './graph/position.ts'
import { readsOf } from './graph/reads.ts'
import { timersName } from './graph/states.ts'
import type { HandlesOf, StateDeclarations } from './state.ts'
import { originOf, type StreamOrigin } from './stream.ts'
import type { TypeDef, TypeOf } from './types.ts'

/** Record type of each side output by tag. */
export type SideTypes = Readonly<Record<string, TypeDef<unknown>>>
export type SidesOf<D extends SideTypes> = { readonly [K in keyof D]: TypeOf<D[K]> }

interface Emits<Out, D extends SideTypes> {
  /** Type of the records that are emitted. */
  readonly emits?: TypeDef<Out>
  /** Types of the side outputs, by tag: written with `context.side(tag, record)`, read with `sideOutput(tag)`. */
  readonly sides?: D
}

/** Without a key there is neither state nor a timer. */
export interface ProcessDefinition<T, Out, D extends SideTypes> extends OperatorOptions, Emits<Out, D> {
  onElement(
    record: T,
    context: Pick<ElementContext<unknown, unknown, SidesOf<D>>, 'timestamp' | 'side'>,
    emit: Emit<NoInfer<Out>>,
  ): void
}

interface Keyed<K, S extends StateDeclarations, Out, D extends SideTypes> extends KeyedStateOptions<K>, Emits<Out, D> {
  /** State of each key, by name. */
  readonly state?: S
  onTimer?(timestampMs: number, context: TimerContext<K, HandlesOf<S>, SidesOf<D>>, emit: Emit<NoInfer<Out>>): void
}

export interface KeyedProcessDefinition<T, K, S extends StateDeclarations, Out, D extends SideTypes>
  extends Keyed<K, S, Out, D> {
  onElement(record: T, context: ElementContext<K, HandlesOf<S>, SidesOf<D>>, emit: Emit<NoInfer<Out>>): void
}

/** Of two streams with one key: they share its state and its timers. */
export interface ConnectedProcessDefinition<A, B, K, S extends StateDeclarations, Out, D extends SideTypes>
  extends Keyed<K, S, Out, D> {
  /** A record of the first stream. */
  onElement1(record: A, context: ElementContext<K, HandlesOf<S>, SidesOf<D>>, emit: Emit<NoInfer<Out>>): void
  /** A record of the second. */
  onElement2(record: B, context: ElementContext<K, HandlesOf<S>, SidesOf<D>>, emit: Emit<NoInfer<Out>>): void
}

/** A definition of any kind once its types have done their work. */
interface AnyDefinition extends OperatorOptions, Partial<Record<ElementName, AnyElement>> {
  readonly emits?: TypeDef<unknown>
  readonly sides?: SideTypes
  readonly state?: StateDeclarations
  onTimer?(timestampMs: number, context: never, emit: never): void
}

type AnyElement = (record: never, context: never, emit: never) => void
type ElementName = 'onElement' | 'onElement1' | 'onElement2'

const elementNames = {
  plain: ['onElement'],
  keyed: ['onElement'],
  connected: ['onElement1', 'onElement2'],
} as const satisfies Record<string, readonly ElementName[]>

export function processNode(
  builder: GraphBuilder,
  inputs: readonly NodeInput[],
  definition: AnyDefinition,
  kind: keyof typeof elementNames,
): StreamOrigin {
  const { emits, sides = {}, state = {} } = definition
  const keyed = kind !== 'plain'
  const [first, second] = elementNames[kind].map((name) => {
    const fn = definition[name]
    checkFunction(fn, `${name} of process`)
    return { onElement: bound(fn, definition) as OnElement, reads: readsOf(fn) }
  })
  if (definition.onTimer !== undefined) checkFunction(definition.onTimer, 'onTimer of process')
  if (Object.hasOwn(state, timersName)) {
    throw sdkErrors.create('BAD_ARGUMENT', {
      what: 'process',
      expected: 'states of other names',
      value: timersName,
      at: atText(userPosition()),
    })
  }
  const node = builder.add({
    body: {
      kind: 'process',
      keyed,
      state: Object.fromEntries(Object.entries(state).map(([name, declared]) => [name, declared.spec])),
      onElement: first.onElement,
      ...(second && { second }),
      onTimer: definition.onTimer && (bound(definition.onTimer, definition) as ProcessBody['onTimer']),
    },
    name: 'process',
    inputs,
    options: definition,
    stateful: keyed,
    type: emits,
    sides,
    reads: first.reads,
  })
  return originOf(builder, node, emits, sides)
}

/** A method that speaks of `this` means its definition; any other is called as it is, which is quicker. */
function bound<F extends (...args: never[]) => void>(fn: F, self: object): F {
  return Function.prototype.toString.call(fn).includes('this') ? (fn.bind(self) as F) : fn
}
