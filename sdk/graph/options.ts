/** Which options each operator has, so that one that is misspelled is an error and not a silence. */
import { nearest } from '../../core/config/nearest.ts'
import { sdkErrors } from '../errors.ts'
import type { NodeBody } from './nodes.ts'
import { atText } from './position.ts'

const ofAll = ['uid', 'name', 'parallelism', 'chaining', 'onError', 'was', 'migrateKey']
const ofKind = {
  source: ['eventTime', 'maxOutOfOrderness', 'idleAfter', 'alignment', 'watermarks'],
  map: ['returns'],
  flatMap: ['returns'],
  filter: [],
  where: [],
  select: [],
  sink: [],
  reduce: ['migrate'],
} satisfies Partial<Record<NodeBody['kind'], readonly string[]>>

/**
 * The options of an operator; undefined for those whose options are a definition with functions, which may have more of its
 * own. Pure.
 */
function optionsOf(body: NodeBody): readonly string[] | undefined {
  if (body.kind === 'aggregate' && body.aggregate.kind === 'declared') return [...ofAll, 'as']
  if (body.kind === 'window' && body.aggregate.kind === 'declared') return [...ofAll, 'as']
  const own = (ofKind as Partial<Record<NodeBody['kind'], readonly string[]>>)[body.kind]
  return own && [...ofAll, ...own]
}

/** Throws SDK_UNKNOWN_OPTION. */
export function checkOptionNames(body: NodeBody, options: object, what: string, at: string | undefined): void {
  const known = optionsOf(body)
  if (known !== undefined) refuseUnknown(options, known, what, at)
}

/** Throws SDK_UNKNOWN_OPTION for the first name that is not known. */
export function refuseUnknown(options: object, known: readonly string[], what: string, at: string | undefined): void {
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue
    const near = nearest(option, known)
    throw sdkErrors.create('UNKNOWN_OPTION', {
      what,
      option,
      at: atText(at),
      suggestion: near === undefined ? '' : `; did you mean "${near}"?`,
      options: known.join(', '),
    })
  }
}
