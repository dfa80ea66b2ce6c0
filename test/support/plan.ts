/** Small plans for tests of the control plane. */
import type { JobPlan } from '../../proto/jobgraph/plan.ts'

/** source -> sink, hash edge. */
export function testPlan(name: string, parallelism: number, options: Record<string, string> = {}): JobPlan {
  const operator = { name: 'op', kind: 'map', onError: 'fail' as const }
  return {
    version: 1,
    name,
    hash: name,
    vertices: [
      {
        id: 0,
        name: 'numbers',
        parallelism,
        operators: [
          { ...operator, node: 0, uid: 'numbers', state: [{ name: 'splits', kind: 'splits', keyed: false }] },
        ],
      },
      { id: 1, name: 'out', parallelism, operators: [{ ...operator, node: 1, uid: 'out', state: [] }] },
    ],
    edges: [{ id: 0, from: { vertex: 0, operator: 0, output: '' }, to: { vertex: 1 }, partitioner: 'hash' }],
    options,
  }
}
