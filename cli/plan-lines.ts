/** A plan for people. Pure. */
import type { JobPlan } from '../proto/jobgraph/plan.ts'

/** Vertices with their operators, and what flows between them. */
export function planLines(plan: JobPlan): string[] {
  const slots = Math.max(1, ...plan.vertices.map((vertex) => vertex.parallelism))
  const lines = [`${plan.name}  ${plan.vertices.length} vertices, needs ${slots} ${slots === 1 ? 'slot' : 'slots'}`]
  for (const vertex of plan.vertices) {
    lines.push(`  [${vertex.id}] parallelism ${vertex.parallelism}`)
    for (const operator of vertex.operators) {
      const state = operator.state.length === 0 ? '' : `  state: ${operator.state.map((each) => each.name).join(', ')}`
      const reads = operator.reads === undefined ? '' : `  reads: ${operator.reads.join(', ') || 'nothing'}`
      lines.push(
        `      ${operator.uid}  ${operator.name === operator.uid ? operator.kind : operator.name}${reads}${state}`,
      )
    }
    for (const edge of plan.edges.filter((each) => each.from.vertex === vertex.id)) {
      const key =
        edge.key === undefined
          ? ''
          : edge.key.kind === 'fields'
            ? ` by ${edge.key.fields.join(', ')}`
            : ' by a function'
      const output = edge.from.output === '' ? '' : ` (side output ${edge.from.output})`
      lines.push(`      → [${edge.to.vertex}] ${edge.partitioner}${key}${output}`)
    }
  }
  return lines
}
