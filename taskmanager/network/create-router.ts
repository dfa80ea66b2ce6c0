/** The router of an edge, by its partitioner. */
import { CustomRouter } from './custom-router.ts'
import { HashRouter, type HashRouterOptions } from './hash-router.ts'
import type { Router } from './router.ts'
import { TurnsRouter } from './turns-router.ts'

export type RouterPlan =
  | { readonly kind: 'turns' }
  | {
      readonly kind: 'custom'
      readonly partition: (record: unknown, channels: number) => number
      readonly name: string
    }
  | ({ readonly kind: 'hash' } & HashRouterOptions)

/** How an edge with this partitioner distributes: broadcast is one lane, its channel does the rest. */
export function createRouter(plan: RouterPlan, channels: number): Router {
  if (plan.kind === 'hash') return new HashRouter(plan, channels)
  if (plan.kind === 'custom') return new CustomRouter(plan.partition, plan.name, channels)
  return new TurnsRouter(channels)
}
