/** What an operator declares beside its functions, as it stands in the plan: it makes the hash tell two jobs apart, and people read it. */
import type { AggregateSpec, GraphNode } from './nodes.ts'

export function declaredOf(node: GraphNode): Readonly<Record<string, unknown>> | undefined {
  switch (node.kind) {
    case 'source':
      return {
        ...(typeof node.eventTime === 'string' ? { eventTime: node.eventTime } : {}),
        ...(node.maxOutOfOrdernessMs > 0 ? { maxOutOfOrdernessMs: node.maxOutOfOrdernessMs } : {}),
        ...(node.idleAfterMs === undefined ? {} : { idleAfterMs: node.idleAfterMs }),
        ...(node.alignment === undefined
          ? {}
          : { alignmentGroup: node.alignment.group, alignmentMaxDriftMs: node.alignment.maxDriftMs }),
        watermarks: typeof node.watermarks === 'string' ? node.watermarks : 'custom',
      }
    case 'process':
      return (
        node.second && {
          second: { inputs: node.inputs.filter(({ second }) => second).length, reads: node.second.reads },
        }
      )
    case 'project':
      return { fields: node.fields }
    case 'where':
      return { condition: node.condition }
    case 'select':
      return { columns: node.columns }
    case 'aggregate':
      return aggregatesOf(node.aggregate)
    case 'window':
      return {
        assigner: node.assigner,
        ...(node.allowedLatenessMs > 0 ? { allowedLatenessMs: node.allowedLatenessMs } : {}),
        ...(node.lateOutput === undefined ? {} : { lateOutput: node.lateOutput }),
        ...aggregatesOf(node.aggregate),
      }
    default:
      return undefined
  }
}

const aggregatesOf = (aggregate: AggregateSpec): { aggregates?: unknown } | undefined =>
  aggregate.kind === 'declared' ? { aggregates: aggregate.aggregates.map(({ result: _, ...each }) => each) } : undefined
