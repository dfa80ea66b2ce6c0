/**
 * DescribeClientQuotas and AlterClientQuotas (KIP-546). Quotas are records of the metadata log and hold once they are durable.
 */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type {
  AlterClientQuotasRequest,
  AlterClientQuotasRequestEntry,
  AlterClientQuotasResponse,
} from '../../../proto/kafka/messages/alter-client-quotas.ts'
import type {
  DescribeClientQuotasRequest,
  DescribeClientQuotasResponse,
} from '../../../proto/kafka/messages/describe-client-quotas.ts'
import { type MetadataImage, quotaEntityId } from '../../metadata/image.ts'
import type { MetadataLog } from '../../metadata/metadata-log.ts'
import type { QuotaEntity, RecordOf } from '../../metadata/records.ts'
import { entityOf, matches, onWire, problemWithFilter, problemWithValue } from '../../quota/entries.ts'
import { aclOperation, clusterResource, type HandlerTable, handlerEntry, resourceType } from '../handler.ts'

/** Entities that have quotas: each is in the memory of the broker, and in each rewrite of its metadata. */
const entitiesMax = 10_000

export function createQuotaHandlers(metadata: MetadataLog): HandlerTable {
  return {
    DescribeClientQuotas: handlerEntry<DescribeClientQuotasRequest, DescribeClientQuotasResponse>({
      minVersion: 0,
      maxVersion: 1,
      handle({ components, strict }, context) {
        if (!context.authorize(aclOperation.DESCRIBE_CONFIGS, resourceType.CLUSTER, clusterResource))
          return described(kafkaError.CLUSTER_AUTHORIZATION_FAILED, notAllowed, null)
        const problem = problemWithFilter(components)
        if (problem !== undefined) return described(kafkaError.INVALID_REQUEST, problem, null)
        const entries = [...metadata.image.quotas.values()]
          .filter(({ entity }) => matches(entity, components, strict))
          .map(({ entity, values }) => ({
            entity: onWire(entity),
            values: [...values].map(([key, value]) => ({ key, value })),
          }))
        return described(kafkaError.NONE, null, entries)
      },
      failed: (_request, errorCode) => described(errorCode, null, null),
    }),
    AlterClientQuotas: handlerEntry<AlterClientQuotasRequest, AlterClientQuotasResponse>({
      minVersion: 0,
      maxVersion: 1,
      async handle({ entries, validateOnly }, context) {
        if (!context.authorize(aclOperation.ALTER_CONFIGS, resourceType.CLUSTER, clusterResource))
          return altered(entries, () => ({
            errorCode: kafkaError.CLUSTER_AUTHORIZATION_FAILED,
            errorMessage: notAllowed,
          }))
        return metadata.change((image) => {
          const decided = new Map<AlterClientQuotasRequestEntry, string | RecordOf<'quota'>[]>()
          const touched = new Set<string>()
          for (const entry of entries) decided.set(entry, decide(image, touched, entry))
          const records = [...decided.values()].flatMap((each) => (typeof each === 'string' ? [] : each))
          const result = altered(entries, (entry) => {
            const outcome = decided.get(entry)
            return typeof outcome === 'string'
              ? { errorCode: kafkaError.INVALID_REQUEST, errorMessage: outcome }
              : { errorCode: kafkaError.NONE, errorMessage: null }
          })
          return { records: validateOnly ? [] : records, result }
        })
      },
      failed: ({ entries }, errorCode) => altered(entries, () => ({ errorCode, errorMessage: null })),
    }),
  }
}

const notAllowed = 'This needs the permission to describe or alter the configuration of the cluster.'

const described = (
  errorCode: number,
  errorMessage: string | null,
  entries: DescribeClientQuotasResponse['entries'],
): DescribeClientQuotasResponse => ({ throttleTimeMs: 0, errorCode, errorMessage, entries })

const altered = (
  entries: readonly AlterClientQuotasRequestEntry[],
  outcome: (entry: AlterClientQuotasRequestEntry) => { errorCode: number; errorMessage: string | null },
): AlterClientQuotasResponse => ({
  throttleTimeMs: 0,
  entries: entries.map((entry) => ({ ...outcome(entry), entity: entry.entity })),
})

/** All changes of an entity, or what is wrong. `touched`: entities of this request. */
function decide(
  image: MetadataImage,
  touched: Set<string>,
  { entity: parts, ops }: AlterClientQuotasRequestEntry,
): RecordOf<'quota'>[] | string {
  const entity = entityOf(parts)
  if (typeof entity === 'string') return entity
  const id = quotaEntityId(entity)
  if (touched.has(id)) return 'an entity is changed twice'
  touched.add(id)
  const before = image.quotas.get(id)?.values
  if (before === undefined && image.quotas.size + touched.size > entitiesMax)
    return `${entitiesMax} entities have quotas already`
  return changes(entity, ops, before)
}

function changes(
  entity: QuotaEntity,
  ops: AlterClientQuotasRequestEntry['ops'],
  before: ReadonlyMap<string, number> | undefined,
): RecordOf<'quota'>[] | string {
  const records: RecordOf<'quota'>[] = []
  if (new Set(ops.map(({ key }) => key)).size < ops.length) return 'a quota is changed twice'
  for (const { key, value, remove } of ops) {
    const problem = problemWithValue(entity, key, remove ? 1 : value)
    if (problem !== undefined) return problem
    const next = remove ? null : value
    if ((before?.get(key) ?? null) !== next) records.push({ kind: 'quota', entity, key, value: next })
  }
  return records
}
