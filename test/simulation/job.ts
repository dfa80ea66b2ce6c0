/** The job of a simulation: numbered records per key, counted by key, written in transactions. */
import { createHash } from 'node:crypto'
import type { JobPlan } from '../../proto/jobgraph/plan.ts'

export const splits = 6
export const keysPerSplit = 3
export const bundle = Buffer.from('// simulated')

export const keyOf = (split: number, index: number): string => `s${split}k${index % keysPerSplit}`
export const numberOf = (index: number): number => Math.floor(index / keysPerSplit)

/** 32 bits. */
export function hashOf(key: string): number {
  return createHash('sha256').update(key).digest().readUInt32BE(0)
}

export function simulatedPlan(name: string, parallelism: number, options: Readonly<Record<string, string>>): JobPlan {
  const operator = { kind: 'process', onError: 'fail' as const }
  const counts = {
    name: 'counts',
    kind: 'value' as const,
    keyed: true,
    type: { name: '', type: { kind: 'float64' as const } },
  }
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
          {
            ...operator,
            node: 0,
            uid: 'numbers',
            name: 'numbers',
            state: [{ name: 'splits', kind: 'splits', keyed: false }],
          },
        ],
      },
      {
        id: 1,
        name: 'counts',
        parallelism,
        operators: [
          {
            ...operator,
            node: 1,
            uid: 'counts',
            name: 'counts',
            state: [counts, { name: 'committables', kind: 'committables', keyed: false }],
          },
        ],
      },
    ],
    edges: [{ id: 0, from: { vertex: 0, operator: 0, output: '' }, to: { vertex: 1 }, partitioner: 'hash' }],
    options,
  }
}
