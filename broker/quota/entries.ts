/** What may be said of quotas, and which of them a filter means. Kafka's rules; pure. */
import { canonicalAddress } from '../../core/platform/net.ts'
import type { DescribeClientQuotasRequestComponent } from '../../proto/kafka/messages/describe-client-quotas.ts'
import { type QuotaEntity, type QuotaEntityType, quotaEntityTypes } from '../metadata/records.ts'
import { quotaUnits } from './buckets.ts'

interface WireEntity {
  readonly entityType: string
  readonly entityName: string | null
}

const match = { exact: 0, default: 1, any: 2 } as const

/** The entity as it is kept, or what is wrong with it. */
export function entityOf(parts: readonly WireEntity[]): QuotaEntity | string {
  if (parts.length === 0) return 'a quota needs an entity'
  const entity: { -readonly [Type in keyof QuotaEntity]: QuotaEntity[Type] } = {}
  for (const { entityType, entityName } of parts) {
    if (!isEntityType(entityType)) return `quotas are of users, client ids and ips, not of the type ${entityType}`
    if (entityType in entity) return `the type ${entityType} is named twice`
    if (entityName === '') return `the name of the ${entityType} is empty`
    entity[entityType] = entityName
  }
  if (entity.ip === undefined) return entity
  if (parts.length > 1) return 'the quota of an ip cannot be one of a user or client id as well'
  const canonical = entity.ip === null ? null : canonicalAddress(entity.ip)
  if (canonical === entity.ip) return entity
  return canonical === undefined ? `${entity.ip} is not an address` : `write ${entity.ip} as ${canonical}`
}

const isEntityType = (type: string): type is QuotaEntityType => quotaEntityTypes.some((each) => each === type)

export const onWire = (entity: QuotaEntity): WireEntity[] =>
  Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName }))

/** What is wrong with the value of a quota of `entity`. */
export function problemWithValue(entity: QuotaEntity, key: string, value: number): string | undefined {
  if (!Object.hasOwn(quotaUnits, key)) return `the quota ${key} is not known: ${Object.keys(quotaUnits).join(', ')} are`
  if ((entity.ip !== undefined) !== (key === 'connection_creation_rate'))
    return `${key} is not a quota of ${entity.ip === undefined ? 'users or client ids' : 'ips'}`
  if (!Number.isFinite(value) || value <= 0) return `${key} has to be more than 0`
  if (key.endsWith('_rate') && !Number.isSafeInteger(value)) return `${key} has to be a whole number`
  return undefined
}

/** What is wrong with a filter. */
export function problemWithFilter(components: readonly DescribeClientQuotasRequestComponent[]): string | undefined {
  const types = components.map(({ entityType }) => entityType)
  if (types.includes('')) return 'a type of entities is empty'
  if (new Set(types).size < types.length) return 'a type of entities is named twice'
  for (const { matchType, match: name } of components) {
    if (matchType < match.exact || matchType > match.any) return `there is no match type ${matchType}`
    if ((matchType === match.exact) !== (name !== null)) return 'a name goes with an exact match, and with no other'
  }
  return undefined
}

/** `strict`: entities of more types than those of the filter are left out. */
export function matches(
  entity: QuotaEntity,
  components: readonly DescribeClientQuotasRequestComponent[],
  strict: boolean,
): boolean {
  const names = new Map<string, string | null>(Object.entries(entity))
  if (strict && names.size !== components.length) return false
  return components.every(({ entityType, matchType, match: name }) => {
    if (!names.has(entityType)) return false
    return matchType === match.any || names.get(entityType) === name
  })
}
