/**
 * Declared aggregates as functions over plain numbers, where entries are objects. Means the same as aggregates.ts.
 */
import type { DeclaredAggregate } from '../../sdk/graph/nodes.ts'
import { numberOf } from './aggregates.ts'

/** Two numbers per aggregate: the accumulator, and how many values it has. */
export type NumberAccumulator = number[]

export interface NumberFunctions {
  init(): NumberAccumulator
  /** Works in place. */
  add(accumulator: NumberAccumulator, record: unknown): void
  /** Adds the second to the first, in place. */
  merge(into: NumberAccumulator, other: NumberAccumulator): void
  result(accumulator: NumberAccumulator, index: number): number
}

export function declaredFunctions(aggregates: readonly DeclaredAggregate[]): NumberFunctions {
  const combine = (aggregate: DeclaredAggregate, into: NumberAccumulator, at: number, value: number): void => {
    if (into[at + 1] === 0 || Number.isNaN(value)) into[at] = value
    else if (aggregate.fn === 'min' ? value < into[at] : value > into[at]) into[at] = value
  }
  return {
    init: () => new Array<number>(aggregates.length * 2).fill(0),
    add(accumulator, record) {
      for (let a = 0; a < aggregates.length; a++) {
        const aggregate = aggregates[a]
        const at = 2 * a
        let value: number | undefined = 0
        if (aggregate.field !== undefined) {
          value = numberOf(record, aggregate)
          if (value === undefined) continue
        }
        if (aggregate.fn === 'min' || aggregate.fn === 'max') combine(aggregate, accumulator, at, value)
        else accumulator[at] += value
        accumulator[at + 1]++
      }
    },
    merge(into, other) {
      for (let a = 0; a < aggregates.length; a++) {
        const aggregate = aggregates[a]
        const at = 2 * a
        if (other[at + 1] === 0) continue
        if (aggregate.fn === 'min' || aggregate.fn === 'max') combine(aggregate, into, at, other[at])
        else into[at] += other[at]
        into[at + 1] += other[at + 1]
      }
    },
    result(accumulator, index) {
      const at = 2 * index
      switch (aggregates[index].fn) {
        case 'count':
          return accumulator[at + 1]
        case 'sum':
          return accumulator[at]
        case 'avg':
          return accumulator[at] / accumulator[at + 1]
        default:
          return accumulator[at + 1] === 0 ? Number.NaN : accumulator[at]
      }
    },
  }
}
