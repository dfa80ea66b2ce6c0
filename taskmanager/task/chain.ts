/**
 * The operators of one subtask, wired: each operator's outputs lead to the next operators of the chain, to the writers of
 * edges, or to several of them. What one operator emits the next gets in the same call, without a copy.
 *
 * Concurrency: one thread.
 */
import { assert } from '../../core/assert.ts'
import type { RecordBatch } from '../../core/columns/batch.ts'
import type { VertexPlan } from '../../proto/jobgraph/plan.ts'
import type { EdgeWriter } from '../network/edge-writer.ts'
import type { Operator, OperatorContext, Output, RowBatch, Selection } from '../operators/operator.ts'

/** An output edge of the vertex: where it leaves the chain. */
export interface ChainEdge {
  readonly operator: number
  readonly output: string
  readonly writer: EdgeWriter
}

/** Builds the operator at `index`, given where it emits to. */
export type BuildOperator = (index: number, outputs: Pick<OperatorContext, 'output' | 'sides'>) => Operator

export class Chain {
  /** In the plan's order: topological, head first. */
  readonly operators: readonly Operator[]

  private constructor(operators: readonly Operator[]) {
    this.operators = operators
  }

  /** Builds from the last operator to the head, so that everyone's outputs exist before it does. */
  static build(vertex: VertexPlan, edges: readonly ChainEdge[], build: BuildOperator): Chain {
    const operators: Operator[] = []
    for (let index = vertex.operators.length - 1; index >= 0; index--) {
      const targets = new Map<string, Output[]>()
      const add = (tag: string, output: Output): void => {
        const known = targets.get(tag)
        if (known === undefined) targets.set(tag, [output])
        else known.push(output)
      }
      for (let next = index + 1; next < vertex.operators.length; next++) {
        const input = vertex.operators[next].input
        if (input?.operator === index) add(input.output, new Chained(operators[next]))
      }
      for (const edge of edges) if (edge.operator === index) add(edge.output, edge.writer)
      const sides = new Map<string, Output>()
      for (const [tag, outputs] of targets) if (tag !== '') sides.set(tag, fan(outputs))
      operators[index] = build(index, { output: fan(targets.get('') ?? []), sides })
    }
    return new Chain(operators)
  }

  get head(): Operator {
    return this.operators[0]
  }

  /** False: an operator takes no input now; it wakes the task when it does. */
  ready(): boolean {
    for (const operator of this.operators) if (operator.ready !== undefined && !operator.ready()) return false
    return true
  }
}

function fan(outputs: readonly Output[]): Output {
  if (outputs.length === 1) return outputs[0]
  return outputs.length === 0 ? nowhere : new Fan(outputs)
}

/** The next operator of the chain. */
class Chained implements Output {
  readonly operator: Operator
  readonly skip: ((count: number) => void) | undefined

  constructor(operator: Operator) {
    this.operator = operator
    this.skip = operator.skip
  }

  batch(batch: RecordBatch, selection: Selection | undefined): void {
    this.operator.processBatch(batch, selection, 0)
  }

  rows(rows: RowBatch): void {
    this.operator.processRows(rows, 0)
  }

  watermark(timestampMs: number): void {
    assert(this.operator.processWatermark(timestampMs), 'only the head of a chain may stop half-way')
  }

  idle(idle: boolean): void {
    this.operator.processIdle(idle)
  }
}

class Fan implements Output {
  readonly outputs: readonly Output[]
  readonly skip: ((count: number) => void) | undefined

  constructor(outputs: readonly Output[]) {
    this.outputs = outputs
    if (outputs.every((output) => output.skip !== undefined)) {
      this.skip = (count) => {
        for (const output of outputs) output.skip?.(count)
      }
    }
  }

  batch(batch: RecordBatch, selection: Selection | undefined): void {
    // The first receiver may run a whole chain that reuses the arrays behind the selection.
    for (const output of this.outputs)
      output.batch(batch, selection && { rows: selection.rows.slice(0, selection.count), count: selection.count })
  }

  rows(rows: RowBatch): void {
    for (const output of this.outputs) output.rows(rows)
  }

  watermark(timestampMs: number): void {
    for (const output of this.outputs) output.watermark(timestampMs)
  }

  idle(idle: boolean): void {
    for (const output of this.outputs) output.idle(idle)
  }
}

/** An output that nobody reads. */
const nowhere: Output = {
  batch() {
    // Nobody reads it.
  },
  rows() {
    // Nobody reads it.
  },
  skip() {
    // Nobody reads it.
  },
  watermark() {
    // Nobody reads it.
  },
  idle() {
    // Nobody reads it.
  },
}
