/**
 * DescribeAcls, CreateAcls and DeleteAcls. Entries are records of the metadata log and hold once they are durable. Without
 * an authoriser there are none, and the answer is SECURITY_DISABLED, as Kafka's.
 */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type { CreateAclsRequest, CreateAclsResponse } from '../../../proto/kafka/messages/create-acls.ts'
import type { DeleteAclsRequest, DeleteAclsResponse } from '../../../proto/kafka/messages/delete-acls.ts'
import type { DescribeAclsRequest, DescribeAclsResponse } from '../../../proto/kafka/messages/describe-acls.ts'
import type { AclImage } from '../../metadata/image.ts'
import type { MetadataLog } from '../../metadata/metadata-log.ts'
import type { MetadataRecord } from '../../metadata/records.ts'
import { type AclFilter, aclKey, matchesFilter, patternType, permission, problemWithEntry } from '../../security/acl.ts'
import {
  aclOperation,
  clusterResource,
  type HandlerTable,
  handlerEntry,
  type RequestContext,
  resourceType,
} from '../handler.ts'

/** Each is looked at when a resource is named that no answer is remembered for. */
const entriesMax = 100_000

interface Refusal {
  readonly errorCode: number
  readonly errorMessage: string
}

const disabled: Refusal = {
  errorCode: kafkaError.SECURITY_DISABLED,
  errorMessage: 'No authorizer is configured on the broker.',
}
const fine = { errorCode: kafkaError.NONE, errorMessage: null }

/** `enabled`: an authoriser reads the entries. */
export function createAclHandlers(metadata: MetadataLog, enabled: boolean): HandlerTable {
  const refusal = (context: RequestContext, asked: 7 | 8): Refusal | undefined => {
    if (!enabled) return disabled
    if (context.authorize(asked, resourceType.CLUSTER, clusterResource)) return undefined
    const errorMessage = 'This needs the permission to describe or alter the cluster.'
    return { errorCode: kafkaError.CLUSTER_AUTHORIZATION_FAILED, errorMessage }
  }
  return {
    DescribeAcls: handlerEntry<DescribeAclsRequest, DescribeAclsResponse>({
      minVersion: 0,
      maxVersion: 3,
      handle(request, context) {
        const refused = refusal(context, aclOperation.DESCRIBE) ?? badFilter(filterOf(request))
        if (refused !== undefined) return { throttleTimeMs: 0, ...refused, resources: [] }
        const resources = grouped(found(metadata.image.acls.values(), filterOf(request)))
        return { throttleTimeMs: 0, ...fine, resources }
      },
    }),
    CreateAcls: handlerEntry<CreateAclsRequest, CreateAclsResponse>({
      minVersion: 0,
      maxVersion: 3,
      async handle({ creations }, context) {
        const refused = refusal(context, aclOperation.ALTER)
        if (refused !== undefined) return { throttleTimeMs: 0, results: creations.map(() => refused) }
        return metadata.change((image) => {
          const records = new Map<string, MetadataRecord>()
          const results = creations.map(({ resourcePatternType, permissionType, ...rest }) => {
            const entry = { ...rest, patternType: resourcePatternType, permission: permissionType }
            const problem = problemWithEntry(entry)
            if (problem !== undefined) return invalid(problem)
            const id = aclKey(entry)
            if (!image.acls.has(id) && image.acls.size + records.size >= entriesMax)
              return invalid(`there are ${entriesMax} entries already`)
            if (!image.acls.has(id)) records.set(id, { kind: 'acl', id, ...entry })
            return fine
          })
          return { records: [...records.values()], result: { throttleTimeMs: 0, results } }
        })
      },
    }),
    DeleteAcls: handlerEntry<DeleteAclsRequest, DeleteAclsResponse>({
      minVersion: 0,
      maxVersion: 3,
      async handle({ filters }, context) {
        const refused = refusal(context, aclOperation.ALTER)
        if (refused !== undefined)
          return { throttleTimeMs: 0, filterResults: filters.map(() => ({ ...refused, matchingAcls: [] })) }
        return metadata.change((image) => {
          const removed = new Set<string>()
          const filterResults = filters.map((asked) => {
            const filter = filterOf(asked)
            const bad = badFilter(filter)
            if (bad !== undefined) return { ...bad, matchingAcls: [] }
            const matching = found(image.acls.values(), filter)
            for (const { id } of matching) removed.add(id)
            return { ...fine, matchingAcls: matching.map((entry) => ({ ...fine, ...onWire(entry) })) }
          })
          const records = [...removed].map((id): MetadataRecord => ({ kind: 'acl-removed', id }))
          return { records, result: { throttleTimeMs: 0, filterResults } }
        })
      },
    }),
  }
}

const invalid = (problem: string): Refusal => ({ errorCode: kafkaError.INVALID_REQUEST, errorMessage: problem })

interface WireFilter {
  readonly resourceTypeFilter: number
  readonly resourceNameFilter: string | null
  readonly patternTypeFilter: number
  readonly principalFilter: string | null
  readonly hostFilter: string | null
  readonly operation: number
  readonly permissionType: number
}

function filterOf(asked: WireFilter): AclFilter {
  return {
    resourceType: asked.resourceTypeFilter,
    resourceName: asked.resourceNameFilter,
    patternType: asked.patternTypeFilter,
    principal: asked.principalFilter,
    host: asked.hostFilter,
    operation: asked.operation,
    permission: asked.permissionType,
  }
}

function badFilter(filter: AclFilter): Refusal | undefined {
  if (filter.resourceType < resourceType.ANY) return invalid('the resource type of the filter is not known')
  if (filter.patternType < patternType.ANY) return invalid('the pattern type of the filter is not known')
  if (filter.operation < aclOperation.ANY) return invalid('the operation of the filter is not known')
  if (filter.permission < permission.ANY) return invalid('the permission of the filter is not known')
  return undefined
}

const found = (entries: Iterable<AclImage>, filter: AclFilter): AclImage[] =>
  [...entries].filter((entry) => matchesFilter(entry, filter))

const onWire = (entry: AclImage) => ({
  resourceType: entry.resourceType,
  resourceName: entry.resourceName,
  patternType: entry.patternType,
  principal: entry.principal,
  host: entry.host,
  operation: entry.operation,
  permissionType: entry.permission,
})

function grouped(entries: readonly AclImage[]): DescribeAclsResponse['resources'] {
  const resources = new Map<string, DescribeAclsResponse['resources'][number]>()
  for (const entry of entries) {
    const { resourceType: type, resourceName, patternType: pattern, ...acl } = onWire(entry)
    const key = `${type}:${pattern}:${resourceName}`
    const resource = resources.get(key)
    if (resource === undefined)
      resources.set(key, { resourceType: type, resourceName, patternType: pattern, acls: [acl] })
    else resource.acls.push(acl)
  }
  return [...resources.values()]
}
