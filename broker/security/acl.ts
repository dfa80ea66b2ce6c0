/**
 * Access control entries with Kafka's own numbers and meaning (KIP-11, KIP-290): who, from where, may or may not do what,
 * to which resources. Pure; `authorizer.ts` holds a set of them.
 */

export const resourceType = {
  UNKNOWN: 0,
  ANY: 1,
  TOPIC: 2,
  GROUP: 3,
  CLUSTER: 4,
  TRANSACTIONAL_ID: 5,
  DELEGATION_TOKEN: 6,
  USER: 7,
} as const
export type ResourceType = (typeof resourceType)[keyof typeof resourceType]

/** What is done to a resource. */
export const aclOperation = {
  UNKNOWN: 0,
  ANY: 1,
  ALL: 2,
  READ: 3,
  WRITE: 4,
  CREATE: 5,
  DELETE: 6,
  ALTER: 7,
  DESCRIBE: 8,
  CLUSTER_ACTION: 9,
  DESCRIBE_CONFIGS: 10,
  ALTER_CONFIGS: 11,
  IDEMPOTENT_WRITE: 12,
  CREATE_TOKENS: 13,
  DESCRIBE_TOKENS: 14,
  TWO_PHASE_COMMIT: 15,
} as const
export type AclOperation = (typeof aclOperation)[keyof typeof aclOperation]

export const patternType = { UNKNOWN: 0, ANY: 1, MATCH: 2, LITERAL: 3, PREFIXED: 4 } as const

export const permission = { UNKNOWN: 0, ANY: 1, DENY: 2, ALLOW: 3 } as const

/** The one resource of type CLUSTER. */
export const clusterResource = 'kafka-cluster'
/** As a resource name of a literal pattern, host or `User:*`: every one. */
export const wildcard = '*'

export interface AclEntry {
  readonly resourceType: number
  readonly resourceName: string
  /** LITERAL or PREFIXED. */
  readonly patternType: number
  /** `User:alice`, or `User:*`. */
  readonly principal: string
  /** An address, or `*`. */
  readonly host: string
  readonly operation: number
  /** DENY or ALLOW. */
  readonly permission: number
}

/** As an entry; null and ANY leave a field open, pattern type MATCH finds all entries that concern the resource named. */
export interface AclFilter {
  readonly resourceType: number
  readonly resourceName: string | null
  readonly patternType: number
  readonly principal: string | null
  readonly host: string | null
  readonly operation: number
  readonly permission: number
}

/** A name for an entry: equal entries have equal keys. */
export const aclKey = (entry: AclEntry): string =>
  JSON.stringify([
    entry.resourceType,
    entry.patternType,
    entry.resourceName,
    entry.principal,
    entry.host,
    entry.operation,
    entry.permission,
  ])

/** Whether an entry's pattern covers a resource of this name. */
export function coversName(entry: Pick<AclEntry, 'patternType' | 'resourceName'>, name: string): boolean {
  return entry.patternType === patternType.PREFIXED
    ? name.startsWith(entry.resourceName)
    : entry.resourceName === name || entry.resourceName === wildcard
}

export function matchesFilter(entry: AclEntry, filter: AclFilter): boolean {
  const open = (value: number, asked: number, any: number): boolean => asked === any || asked === value
  return (
    open(entry.resourceType, filter.resourceType, resourceType.ANY) &&
    matchesName(entry, filter) &&
    (filter.principal === null || filter.principal === entry.principal) &&
    (filter.host === null || filter.host === entry.host) &&
    open(entry.operation, filter.operation, aclOperation.ANY) &&
    open(entry.permission, filter.permission, permission.ANY)
  )
}

function matchesName(entry: AclEntry, filter: AclFilter): boolean {
  if (filter.patternType === patternType.MATCH)
    return filter.resourceName === null || coversName(entry, filter.resourceName)
  return (
    (filter.patternType === patternType.ANY || filter.patternType === entry.patternType) &&
    (filter.resourceName === null || filter.resourceName === entry.resourceName)
  )
}

/** Whether permission for `granted` says something about `asked`. Only permissions are widened so, refusals are not. */
export function grants(granted: number, asked: number): boolean {
  if (granted === asked || granted === aclOperation.ALL) return true
  switch (asked) {
    case aclOperation.DESCRIBE:
      return (
        granted === aclOperation.READ ||
        granted === aclOperation.WRITE ||
        granted === aclOperation.DELETE ||
        granted === aclOperation.ALTER
      )
    case aclOperation.DESCRIBE_CONFIGS:
      return granted === aclOperation.ALTER_CONFIGS
    default:
      return false
  }
}

/** What is wrong with an entry somebody wants to add; undefined when nothing is. */
export function problemWithEntry(entry: AclEntry): string | undefined {
  if (entry.resourceType < resourceType.TOPIC || entry.resourceType > resourceType.USER)
    return `resource type ${entry.resourceType} is none of 2 (topic) to 7 (user)`
  if (entry.resourceType === resourceType.CLUSTER && entry.resourceName !== clusterResource)
    return `the resource of type cluster is called ${clusterResource}, not ${JSON.stringify(entry.resourceName)}`
  if (entry.resourceName === '') return 'the name of the resource is empty'
  if (entry.patternType !== patternType.LITERAL && entry.patternType !== patternType.PREFIXED)
    return `pattern type ${entry.patternType} is neither 3 (literal) nor 4 (prefixed)`
  if (!/^[A-Za-z]+:.+$/s.test(entry.principal))
    return `principal ${JSON.stringify(entry.principal)} is not of the form User:name`
  if (entry.host === '') return 'the host is empty; * stands for every host'
  if (entry.operation < aclOperation.ALL || entry.operation > aclOperation.TWO_PHASE_COMMIT)
    return `operation ${entry.operation} is none of 2 (all) to 15 (two phase commit)`
  if (entry.permission !== permission.DENY && entry.permission !== permission.ALLOW)
    return `permission ${entry.permission} is neither 2 (deny) nor 3 (allow)`
  return undefined
}
