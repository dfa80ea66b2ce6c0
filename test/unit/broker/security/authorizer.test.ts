import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  type AclEntry,
  aclKey,
  aclOperation,
  clusterResource,
  matchesFilter,
  patternType,
  permission,
  problemWithEntry,
  resourceType,
} from '../../../../broker/security/acl.ts'
import { AclAuthorizer } from '../../../../broker/security/authorizer.ts'

const ann = { type: 'User', name: 'ann' } as const

function entry(change: Partial<AclEntry> = {}): AclEntry {
  return {
    resourceType: resourceType.TOPIC,
    resourceName: 'orders',
    patternType: patternType.LITERAL,
    principal: 'User:ann',
    host: '*',
    operation: aclOperation.READ,
    permission: permission.ALLOW,
    ...change,
  }
}

function authorizer(...entries: AclEntry[]): AclAuthorizer {
  const made = new AclAuthorizer({ superUsers: ['User:root'], allowWithoutEntries: false })
  for (const each of entries) made.add(each)
  return made
}

const reads = (by: AclAuthorizer, name = 'orders', host = '10.0.0.1'): boolean =>
  by.authorize(ann, host, aclOperation.READ, resourceType.TOPIC, name)

describe('access control', () => {
  it('refuses what no entry allows, and lets super users do everything', () => {
    expect(reads(authorizer())).toBe(false)
    const root = { type: 'User', name: 'root' } as const
    expect(authorizer().authorize(root, 'h', aclOperation.ALTER, resourceType.CLUSTER, clusterResource)).toBe(true)
  })

  it('allows resources without entries only when told to', () => {
    const open = new AclAuthorizer({ superUsers: [], allowWithoutEntries: true })
    expect(reads(open)).toBe(true)
    open.add(entry({ principal: 'User:bob' }))
    expect(reads(open)).toBe(false)
    expect(reads(open, 'payments')).toBe(true)
  })

  it('covers names literally, by prefix and by wildcard', () => {
    expect(reads(authorizer(entry()))).toBe(true)
    expect(reads(authorizer(entry()), 'orders2')).toBe(false)
    expect(reads(authorizer(entry({ patternType: patternType.PREFIXED, resourceName: 'ord' })), 'orders2')).toBe(true)
    expect(reads(authorizer(entry({ resourceName: '*' })), 'anything')).toBe(true)
    expect(reads(authorizer(entry({ principal: 'User:*' })))).toBe(true)
    expect(reads(authorizer(entry({ host: '10.0.0.2' })))).toBe(false)
  })

  it('lets a refusal win over any permission', () => {
    const refusal = entry({ permission: permission.DENY, patternType: patternType.PREFIXED, resourceName: 'o' })
    expect(reads(authorizer(entry(), refusal))).toBe(false)
    expect(reads(authorizer(refusal, entry({ operation: aclOperation.ALL })))).toBe(false)
    expect(reads(authorizer(entry(), entry({ permission: permission.DENY, host: 'elsewhere' })))).toBe(true)
  })

  it('takes reading, writing, deleting and altering as describing, but not their refusals', () => {
    const describes = (by: AclAuthorizer): boolean =>
      by.authorize(ann, 'h', aclOperation.DESCRIBE, resourceType.TOPIC, 'orders')
    expect(describes(authorizer(entry({ operation: aclOperation.WRITE })))).toBe(true)
    expect(describes(authorizer(entry({ operation: aclOperation.CREATE })))).toBe(false)
    const refusedWrite = entry({ operation: aclOperation.WRITE, permission: permission.DENY })
    expect(describes(authorizer(entry(), refusedWrite))).toBe(true)
  })

  it('forgets answers when entries come and go', () => {
    const changing = authorizer()
    expect(reads(changing)).toBe(false)
    changing.add(entry())
    expect(reads(changing)).toBe(true)
    changing.remove(aclKey(entry()))
    expect(reads(changing)).toBe(false)
    expect(changing.list()).toEqual([])
  })

  it('says whether some resource may be written', () => {
    const some = (by: AclAuthorizer): boolean => by.authorizeSome(ann, 'h', aclOperation.WRITE, resourceType.TOPIC)
    const write = entry({ operation: aclOperation.WRITE })
    const refusal = { ...write, permission: permission.DENY }
    expect(some(authorizer())).toBe(false)
    expect(some(authorizer(write))).toBe(true)
    expect(some(authorizer(write, refusal))).toBe(false)
    expect(some(authorizer({ ...write, patternType: patternType.PREFIXED }, refusal))).toBe(true)
    expect(some(authorizer(write, { ...refusal, resourceName: '*' }))).toBe(false)
  })

  it('agrees with going through all entries', () => {
    const names = fc.constantFrom('a', 'ab', 'abc', 'b', '*')
    const anyEntry = fc.record({
      resourceType: fc.constantFrom(resourceType.TOPIC, resourceType.GROUP),
      resourceName: names,
      patternType: fc.constantFrom(patternType.LITERAL, patternType.PREFIXED),
      principal: fc.constantFrom('User:ann', 'User:*', 'User:bob'),
      host: fc.constantFrom('*', 'h', 'g'),
      operation: fc.constantFrom(aclOperation.ALL, aclOperation.READ, aclOperation.WRITE, aclOperation.DESCRIBE),
      permission: fc.constantFrom(permission.ALLOW, permission.DENY),
    })
    void fc.assert(
      fc.property(fc.array(anyEntry), names, fc.constantFrom(3, 4, 8), (entries, name, asked) => {
        const covering = entries.filter(
          (each) =>
            each.resourceType === resourceType.TOPIC &&
            ['User:ann', 'User:*'].includes(each.principal) &&
            ['*', 'h'].includes(each.host) &&
            (each.patternType === patternType.PREFIXED
              ? name.startsWith(each.resourceName)
              : [name, '*'].includes(each.resourceName)),
        )
        const widened = asked === 8 ? [2, 3, 4, 6, 7, 8] : [2, asked]
        const expected =
          !covering.some((each) => each.permission === permission.DENY && [2, asked].includes(each.operation)) &&
          covering.some((each) => each.permission === permission.ALLOW && widened.includes(each.operation))
        expect(authorizer(...entries).authorize(ann, 'h', asked as 3, resourceType.TOPIC, name)).toBe(expected)
      }),
    )
  })
})

describe('entries', () => {
  it('are found by filters', () => {
    const open = { resourceName: null, principal: null, host: null, operation: 1, permission: 1 }
    const all = { ...open, resourceType: resourceType.ANY, patternType: patternType.ANY }
    expect(matchesFilter(entry(), all)).toBe(true)
    expect(matchesFilter(entry(), { ...all, resourceType: resourceType.GROUP })).toBe(false)
    expect(matchesFilter(entry(), { ...all, patternType: patternType.PREFIXED })).toBe(false)
    const concerning = { ...all, patternType: patternType.MATCH, resourceName: 'orders' }
    expect(matchesFilter(entry(), concerning)).toBe(true)
    expect(matchesFilter(entry({ resourceName: '*' }), concerning)).toBe(true)
    expect(matchesFilter(entry({ resourceName: 'ord', patternType: patternType.PREFIXED }), concerning)).toBe(true)
    expect(matchesFilter(entry({ resourceName: 'ord' }), concerning)).toBe(false)
    expect(matchesFilter(entry(), { ...all, host: '*', principal: 'User:ann', operation: 3, permission: 3 })).toBe(true)
    expect(matchesFilter(entry(), { ...all, principal: 'User:bob' })).toBe(false)
  })

  it('are the same when all their fields are', () => {
    expect(aclKey(entry())).toBe(aclKey({ ...entry() }))
    expect(aclKey(entry())).not.toBe(aclKey(entry({ host: 'h' })))
  })

  it('are refused with a reason', () => {
    expect(problemWithEntry(entry())).toBeUndefined()
    expect(problemWithEntry(entry({ resourceType: resourceType.ANY }))).toContain('resource type')
    expect(problemWithEntry(entry({ resourceType: resourceType.CLUSTER }))).toContain(clusterResource)
    expect(problemWithEntry(entry({ resourceName: '' }))).toContain('name')
    expect(problemWithEntry(entry({ patternType: patternType.MATCH }))).toContain('pattern')
    expect(problemWithEntry(entry({ principal: 'ann' }))).toContain('User:name')
    expect(problemWithEntry(entry({ host: '' }))).toContain('host')
    expect(problemWithEntry(entry({ operation: aclOperation.ANY }))).toContain('operation')
    expect(problemWithEntry(entry({ permission: permission.ANY }))).toContain('permission')
  })
})
