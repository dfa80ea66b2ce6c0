/** The state that an operator declares in the plan, from which the restore plan is made. Names are part of the snapshot format. */
import { unreachable } from '../../core/assert.ts'
import type { Field } from '../../core/columns/schema.ts'
import { canonicalJson } from '../../proto/jobgraph/canonical.ts'
import type { StatePlan } from '../../proto/jobgraph/plan.ts'
import { sdkErrors } from '../errors.ts'
import { objectType } from '../schema.ts'
import { fieldOf, type TypeDef } from '../types.ts'
import type { GraphNode, StateKind, StateSpec } from './nodes.ts'

/** No state of a user may have this name. */
export const timersName = 'timers'

export function statesOf(node: GraphNode): StatePlan[] {
  return ownStates(node).map((state) =>
    node.migrate === undefined ? state : { ...state, ...history(`"${node.uid}"`, state, { migrate: node.migrate }) },
  )
}

function ownStates(node: GraphNode): StatePlan[] {
  switch (node.kind) {
    case 'source':
      return [{ name: 'splits', kind: 'splits', keyed: false }]
    case 'sink':
      return [
        { name: 'writer', kind: 'operator', keyed: false },
        { name: 'committables', kind: 'committables', keyed: false },
      ]
    case 'process':
      if (!node.keyed) return []
      return [
        ...Object.entries(node.state).map(([name, spec]) => userState(name, spec)),
        { name: timersName, kind: 'timers', keyed: true },
      ]
    case 'reduce':
      return [{ name: 'value', kind: 'value', ...typed(node.type), keyed: true }]
    case 'aggregate':
      return [{ name: 'accumulator', kind: 'aggregating', ...typed(accumulatorOf(node)), keyed: true }]
    case 'window':
      return [{ name: 'window', kind: 'window', ...typed(accumulatorOf(node)), keyed: true }]
    case 'map':
    case 'filter':
    case 'flatMap':
    case 'project':
    case 'where':
    case 'select':
      return []
    default:
      return unreachable(node)
  }
}

const typed = (type: TypeDef<unknown> | undefined): { type?: Field } =>
  type === undefined ? {} : { type: fieldOf('', type) }

function accumulatorOf(node: Extract<GraphNode, { kind: 'aggregate' | 'window' }>): TypeDef<unknown> | undefined {
  return node.aggregate.kind === 'functions' ? node.aggregate.accumulator : undefined
}

/** What a state was before, as the restore plan needs it. Throws SDK_BAD_MIGRATION. */
function history(
  what: string,
  state: StatePlan,
  { was, migrate }: Pick<StateSpec, 'was' | 'migrate'>,
): Pick<StatePlan, 'was' | 'versions'> {
  if (migrate === undefined) return was === undefined ? {} : { was }
  const types = migrate.types.map((type) => fieldOf(state.type?.name ?? '', type))
  if (canonicalJson(types.at(-1)) !== canonicalJson(state.type ?? null)) {
    throw sdkErrors.create('BAD_MIGRATION', {
      what: `the migration of ${what}`,
      problem:
        state.type === undefined
          ? 'needs a declared type'
          : 'does not end with the type that the state is declared with',
    })
  }
  return { ...(was === undefined ? {} : { was }), versions: types.slice(0, -1) }
}

function userState(name: string, spec: StateSpec): StatePlan {
  const { was, migrate, ...kind } = spec
  const plain = plainState(name, kind)
  return { ...plain, ...history(`state ${name}`, plain, spec) }
}

function plainState(name: string, spec: StateKind): StatePlan {
  switch (spec.kind) {
    case 'value':
    case 'list':
    case 'reducing':
      return { name, kind: spec.kind, ...typed(spec.type), keyed: true }
    case 'map': {
      const both = spec.key && spec.value && objectType([fieldOf('key', spec.key), fieldOf('value', spec.value)])
      return { name, kind: 'map', ...typed(both), keyed: true }
    }
    case 'aggregating':
      return { name, kind: 'aggregating', ...typed(spec.accumulator), keyed: true }
    default:
      return unreachable(spec)
  }
}
