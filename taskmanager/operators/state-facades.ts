/** What a user's function sees of its state: the stores of the backend, bound to the key of the record at hand. */
import { unreachable } from '../../core/assert.ts'
import type { DataType } from '../../core/columns/schema.ts'
import type { AccumulatingState, ListState, MapState, ValueState } from '../../sdk/functions.ts'
import type { StateSpec } from '../../sdk/graph/nodes.ts'
import type { TypeDef } from '../../sdk/types.ts'
import type { AccumulatingStore, KeyedStateBackend, ListStore, MapStore, ValueStore } from '../state/api.ts'

/** The key whose state the facades give; set by the operator for each record. */
export interface CurrentKey {
  id: number
}

export function stateFacades(
  backend: KeyedStateBackend,
  specs: Readonly<Record<string, StateSpec>>,
  current: CurrentKey,
): Readonly<Record<string, unknown>> {
  return Object.freeze(
    Object.fromEntries(Object.entries(specs).map(([name, spec]) => [name, facade(backend, name, spec, current)])),
  )
}

/** The type of values that are always there; undefined where they may be null or undefined, which only any value can be. */
const plainType = (type: TypeDef<unknown> | undefined): DataType | undefined =>
  type?.nullable || type?.optional ? undefined : type?.dataType

function facade(backend: KeyedStateBackend, name: string, spec: StateSpec, current: CurrentKey): unknown {
  switch (spec.kind) {
    case 'value':
      return valueFacade(backend.value(name, plainType(spec.type), spec.ttlMs), current)
    case 'list':
      return listFacade(backend.list(name, plainType(spec.type), spec.ttlMs), current)
    case 'map':
      return mapFacade(backend.map(name, plainType(spec.key), plainType(spec.value), spec.ttlMs), current)
    case 'reducing':
      return accumulatingFacade(backend.reducing(name, spec.reduce, plainType(spec.type), spec.ttlMs), current)
    case 'aggregating':
      return accumulatingFacade(backend.aggregating(name, spec, plainType(spec.accumulator), spec.ttlMs), current)
    default:
      return unreachable(spec)
  }
}

function valueFacade(store: ValueStore, current: CurrentKey): ValueState<unknown> {
  return {
    get: () => store.get(current.id),
    set: (value) => store.set(current.id, value),
    clear: () => store.clear(current.id),
  }
}

function listFacade(store: ListStore, current: CurrentKey): ListState<unknown> {
  return {
    get: () => store.get(current.id),
    add: (value) => store.add(current.id, value),
    set: (values) => store.set(current.id, values),
    clear: () => store.clear(current.id),
  }
}

function mapFacade(store: MapStore, current: CurrentKey): MapState<unknown, unknown> {
  const entries = (): [unknown, unknown][] => store.entries(current.id)
  return {
    get: (key) => store.get(current.id, key),
    set: (key, value) => store.set(current.id, key, value),
    has: (key) => store.has(current.id, key),
    delete: (key) => store.delete(current.id, key),
    entries: () => entries()[Symbol.iterator](),
    keys: () =>
      entries()
        .map(([key]) => key)
        [Symbol.iterator](),
    values: () =>
      entries()
        .map(([, value]) => value)
        [Symbol.iterator](),
    get size() {
      return store.size(current.id)
    },
    clear: () => store.clear(current.id),
  }
}

function accumulatingFacade(store: AccumulatingStore, current: CurrentKey): AccumulatingState<unknown, unknown> {
  return {
    get: () => store.get(current.id),
    add: (value) => store.add(current.id, value),
    clear: () => store.clear(current.id),
  }
}
