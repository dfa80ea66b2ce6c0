/** From a node of the graph to the operator that runs it. The only table of operator kinds. */
import { unreachable } from '../../core/assert.ts'
import { rangesOf } from '../../proto/checkpoint/ranges.ts'
import type { GraphNode } from '../../sdk/graph/nodes.ts'
import { restoring } from '../state/snapshot/convert.ts'
import type { Restoring } from '../state/snapshot/restoring.ts'
import { FilterOperator } from './filter.ts'
import { FlatMapOperator } from './flat-map.ts'
import { MapOperator } from './map.ts'
import type { Operator, OperatorContext } from './operator.ts'
import { ProcessOperator } from './process.ts'
import { ProjectOperator } from './project.ts'
import { aggregating, RunningFunctionsOperator, reducing } from './reduce.ts'
import { RunningAggregateOperator } from './running-aggregate.ts'
import { declaredSelect, SelectOperator } from './select.ts'
import { SessionWindowOperator } from './session-window.ts'
import { SinkOperator } from './sink.ts'
import { SplitSourceOperator } from './source.ts'
import { declaredWhere, WhereOperator } from './where.ts'
import { AlignedWindowOperator } from './window.ts'
import type { TypedWindow } from './windowed.ts'

/** The operator of a node, ready for `open`. A source node gives a `SourceOperator`. */
export function createOperator(node: GraphNode, given: OperatorContext): Operator {
  const context = given.restored === undefined ? given : { ...given, restored: converted(node, given, given.restored) }
  switch (node.kind) {
    case 'source':
      return new SplitSourceOperator(context, node)
    case 'map': {
      const byRecord = new MapOperator(context, node.fn, node.reads, node.type)
      return node.columns === undefined ? byRecord : new SelectOperator(context, { columns: node.columns, byRecord })
    }
    case 'filter': {
      const byRecord = new FilterOperator(context, node.fn, node.reads)
      const { condition } = node
      return condition === undefined ? byRecord : new WhereOperator(context, { condition, byRecord })
    }
    case 'flatMap':
      return new FlatMapOperator(context, node.fn, node.reads, node.type)
    case 'project':
      return new ProjectOperator(context, node.fields)
    case 'where':
      return new WhereOperator(context, declaredWhere(context, node.condition))
    case 'select':
      return new SelectOperator(context, declaredSelect(context, node.columns))
    case 'process':
      return new ProcessOperator(context, node)
    case 'reduce':
      return new RunningFunctionsOperator(context, reducing(node.reduce), node)
    case 'aggregate':
      return node.aggregate.kind === 'declared'
        ? new RunningAggregateOperator(context, node.aggregate.aggregates)
        : new RunningFunctionsOperator(context, aggregating(node.aggregate.functions), node)
    case 'window':
      return createWindow(context, node)
    case 'sink':
      return new SinkOperator(context, node.sink)
    default:
      return unreachable(node)
  }
}

/** State that was written with other types is brought to those of today on its way in. */
function converted(node: GraphNode, context: OperatorContext, restored: Restoring): Restoring {
  return restoring(restored, context.operator, node, rangesOf(context.subtask, context.parallelism))
}

function createWindow(context: OperatorContext, body: TypedWindow): Operator {
  const { assigner } = body
  return assigner.kind === 'session'
    ? new SessionWindowOperator(context, { ...body, assigner })
    : new AlignedWindowOperator(context, { ...body, assigner })
}
