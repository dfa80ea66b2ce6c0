/** `process`: the operator that can do anything, with or without keyed state. */

import { sdkErrors } from './errors.ts'
import type { ElementContext, Emit, TimerContext } from './functions.ts'
import { checkFunction, type GraphBuilder, type KeyedStateOptions, type OperatorOptions } from './graph/builder.ts'
import type { NodeInput, ProcessBody } from './graph/nodes.ts'
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

export interface KeyedProcessDefinition<T, K, S extends StateDeclarations, Out, D extends SideTypes>
  extends KeyedStateOptions<K>,
    Emits<Out, D> {
  /** State of each key, by name. */
  readonly state?: S
  onElement(record: T, context: ElementContext<K, HandlesOf<S>, SidesOf<D>>, emit: Emit<NoInfer<Out>>): void
  onTimer?(timestampMs: number, context: TimerContext<K, HandlesOf<S>, SidesOf<D>>, emit: Emit<NoInfer<Out>>): void
}

/** A definition of either kind once its types have done their work. */
interface AnyDefinition extends OperatorOptions {
  readonly emits?: TypeDef<unknown>
  readonly sides?: SideTypes
  readonly state?: StateDeclarations
  onElement(record: never, context: never, emit: never): void
  onTimer?(timestampMs: number, context: never, emit: never): void
}

export function processNode(
  builder: GraphBuilder,
  inputs: readonly NodeInput[],
  definition: AnyDefinition,
  keyed: boolean,
): StreamOrigin {
  const { emits, sides = {}, state = {} } = definition
  checkFunction(definition.onElement, 'onElement of process')
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
      onElement: bound(definition.onElement, definition) as ProcessBody['onElement'],
      onTimer: definition.onTimer && (bound(definition.onTimer, definition) as ProcessBody['onTimer']),
    },
    name: 'process',
    inputs,
    options: definition,
    stateful: keyed,
    type: emits,
    sides,
    reads: readsOf(definition.onElement),
  })
  return originOf(builder, node, emits, sides)
}

/** A method that speaks of `this` means its definition; any other is called as it is, which is quicker. */
function bound<F extends (...args: never[]) => void>(fn: F, self: object): F {
  return Function.prototype.toString.call(fn).includes('this') ? (fn.bind(self) as F) : fn
}
