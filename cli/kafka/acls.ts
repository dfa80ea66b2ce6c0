/** `millrace acls …`: who may do what, in Kafka's own words. Works with any Kafka that has an authorizer. */

import { aclOperation, clusterResource, patternType, permission, resourceType } from '../../broker/security/acl.ts'
import { expectNone } from '../../connectors/kafka/client/errors.ts'
import { nearest } from '../../core/config/index.ts'
import type { RequestOf } from '../../proto/kafka/apis.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Terminal, table } from '../terminal.ts'
import { type KafkaFlags, withKafka } from './connect.ts'

export interface AclFlags extends KafkaFlags {
  readonly topic?: readonly string[]
  readonly group?: readonly string[]
  readonly transactionalId?: readonly string[]
  readonly cluster?: boolean
  readonly prefix?: boolean
  readonly principal?: string
  readonly host?: string
  readonly deny?: boolean
}

interface Entry {
  readonly resourceType: number
  readonly resourceName: string
  readonly patternType: number
  readonly principal: string
  readonly host: string
  readonly operation: number
  readonly permission: number
}

export async function listAcls(terminal: Terminal, flags: AclFlags): Promise<ExitCode> {
  const resources = resourcesOf(flags)
  return withKafka(flags, async ({ cluster }) => {
    const asked = resources.length === 0 ? [{ type: resourceType.ANY, name: null }] : resources
    const entries: Entry[] = []
    for (const { type, name } of asked) {
      const answer = await cluster.retrying(async () => {
        const connection = await cluster.anyBroker()
        return connection.request('DescribeAcls', {
          resourceTypeFilter: type,
          resourceNameFilter: name,
          // What concerns this resource: by its name, by a prefix of it, by the star.
          patternTypeFilter: name === null ? patternType.ANY : patternType.MATCH,
          principalFilter: flags.principal === undefined ? null : principalOf(flags.principal),
          hostFilter: flags.host ?? null,
          operation: aclOperation.ANY,
          permissionType: permission.ANY,
        })
      })
      expectNone(answer.errorCode, 'the access control entries', answer.errorMessage)
      for (const { acls, ...resource } of answer.resources) {
        for (const { permissionType, ...acl } of acls) entries.push({ ...resource, ...acl, permission: permissionType })
      }
    }
    if (terminal.json) terminal.out(JSON.stringify(entries.map(inWords)))
    else if (entries.length === 0) terminal.note('no access control entries')
    else show(terminal, entries)
    return exitCodes.ok
  })
}

export async function addAcls(
  terminal: Terminal,
  principal: string,
  operations: string,
  flags: AclFlags,
): Promise<ExitCode> {
  const entries = entriesOf(principal, operations, flags)
  return withKafka(flags, async ({ cluster }) => {
    const creations = entries.map(({ patternType: resourcePatternType, permission: permissionType, ...rest }) => ({
      ...rest,
      resourcePatternType,
      permissionType,
    }))
    const { results } = await cluster.retrying(async () =>
      (await cluster.anyBroker()).request('CreateAcls', { creations }),
    )
    for (const { errorCode, errorMessage } of results) expectNone(errorCode, 'the access control entry', errorMessage)
    if (terminal.json) terminal.out(JSON.stringify(entries.map(inWords)))
    else show(terminal, entries)
    return exitCodes.ok
  })
}

export async function removeAcls(
  terminal: Terminal,
  principal: string,
  operations: string,
  flags: AclFlags,
): Promise<ExitCode> {
  const entries = entriesOf(principal, operations, flags)
  return withKafka(flags, async ({ cluster }) => {
    const filters: RequestOf<'DeleteAcls'>['filters'] = entries.map((entry) => ({
      resourceTypeFilter: entry.resourceType,
      resourceNameFilter: entry.resourceName,
      patternTypeFilter: entry.patternType,
      principalFilter: entry.principal,
      hostFilter: flags.host ?? null,
      operation: entry.operation,
      permissionType: entry.permission,
    }))
    const answer = await cluster.retrying(async () => (await cluster.anyBroker()).request('DeleteAcls', { filters }))
    const removed: Entry[] = []
    for (const { errorCode, errorMessage, matchingAcls } of answer.filterResults) {
      expectNone(errorCode, 'the access control entry', errorMessage)
      for (const { permissionType, ...each } of matchingAcls) {
        expectNone(each.errorCode, 'the access control entry', each.errorMessage)
        removed.push({ ...each, permission: permissionType })
      }
    }
    if (terminal.json) terminal.out(JSON.stringify(removed.map(inWords)))
    else if (removed.length === 0) terminal.note('there is no such access control entry')
    else show(terminal, removed)
    return removed.length > 0 ? exitCodes.ok : exitCodes.notFound
  })
}

function entriesOf(principal: string, operations: string, flags: AclFlags): Entry[] {
  const resources = resourcesOf(flags)
  if (resources.length === 0) {
    throw cliErrors.create('BAD_ARGUMENT', {
      problem: 'for what? Give --topic, --group, --transactional-id or --cluster',
    })
  }
  const numbers = operations.split(',').map((word) => operationOf(word.trim()))
  return resources.flatMap(({ type, name }) =>
    numbers.map((operation) => ({
      resourceType: type,
      resourceName: name,
      patternType: flags.prefix === true && type !== resourceType.CLUSTER ? patternType.PREFIXED : patternType.LITERAL,
      principal: principalOf(principal),
      host: flags.host ?? '*',
      operation,
      permission: flags.deny === true ? permission.DENY : permission.ALLOW,
    })),
  )
}

function resourcesOf(flags: AclFlags): { readonly type: number; readonly name: string }[] {
  const named = (type: number, names: readonly string[] = []) => names.map((name) => ({ type, name }))
  return [
    ...named(resourceType.TOPIC, flags.topic),
    ...named(resourceType.GROUP, flags.group),
    ...named(resourceType.TRANSACTIONAL_ID, flags.transactionalId),
    ...named(resourceType.CLUSTER, flags.cluster === true ? [clusterResource] : []),
  ]
}

/** `alice` is `User:alice`. */
const principalOf = (text: string): string => (text.includes(':') ? text : `User:${text}`)

const given = Object.keys(aclOperation).filter((name) => name !== 'UNKNOWN' && name !== 'ANY')

function operationOf(word: string): number {
  const name = word.toUpperCase().replaceAll('-', '_')
  if (given.includes(name)) return aclOperation[name as keyof typeof aclOperation]
  const near = nearest(word.toLowerCase(), given.map(told))
  const hint = near === undefined ? `Operations are ${given.map(told).join(', ')}` : `Did you mean ${near}?`
  throw cliErrors.create('BAD_ARGUMENT', { problem: `there is no operation ${word}. ${hint}` })
}

const told = (name: string): string => name.toLowerCase().replaceAll('_', '-')

function wordOf(table: Readonly<Record<string, number>>, number: number): string {
  const name = Object.keys(table).find((each) => table[each] === number)
  return name === undefined ? String(number) : told(name)
}

function inWords(entry: Entry) {
  return {
    principal: entry.principal,
    permission: wordOf(permission, entry.permission),
    operation: wordOf(aclOperation, entry.operation),
    resource: wordOf(resourceType, entry.resourceType),
    name: entry.resourceName,
    pattern: wordOf(patternType, entry.patternType),
    host: entry.host,
  }
}

function show(terminal: Terminal, entries: readonly Entry[]): void {
  const rows = entries.map((entry) => {
    const { principal, permission: may, operation, resource, name, pattern, host } = inWords(entry)
    return [principal, may, operation, resource, pattern === 'prefixed' ? `${name}…` : name, host]
  })
  const sorted = rows.toSorted((a, b) => (a.join(' ') < b.join(' ') ? -1 : 1))
  for (const line of table(['PRINCIPAL', 'PERMISSION', 'OPERATION', 'RESOURCE', 'NAME', 'HOST'], sorted))
    terminal.out(line)
}
