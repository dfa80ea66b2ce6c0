/**
 * Decides who may do what. A refusal beats a permission, the lack of both is a refusal; super users may do everything.
 * Answers are remembered until the entries change, so that a request costs a look-up per resource. Single-threaded.
 */
import type { Authorizer, Principal } from '../api/handler.ts'
import { type AclEntry, aclKey, aclOperation, coversName, grants, patternType, permission, wildcard } from './acl.ts'

const principalText = (principal: Principal): string => `${principal.type}:${principal.name}`

/** Decisions remembered; more of them (many principals times many topics) start afresh. */
const rememberedMax = 65_536

export interface AclAuthorizerOptions {
  /** As `User:admin`. */
  readonly superUsers: readonly string[]
  /** What holds for a resource that no entry names: refused unless this is true. */
  readonly allowWithoutEntries: boolean
}

export class AclAuthorizer implements Authorizer {
  readonly enabled = true
  readonly #superUsers: ReadonlySet<string>
  readonly #allowWithoutEntries: boolean
  readonly #entries = new Map<string, AclEntry>()
  readonly #byType = new Map<number, TypeEntries>()
  readonly #remembered = new Map<string, boolean>()

  constructor(options: AclAuthorizerOptions) {
    this.#superUsers = new Set(options.superUsers)
    this.#allowWithoutEntries = options.allowWithoutEntries
  }

  /** Adds an entry; nothing when it is there. */
  add(entry: AclEntry): void {
    const key = aclKey(entry)
    if (this.#entries.has(key)) return
    this.#entries.set(key, entry)
    let entries = this.#byType.get(entry.resourceType)
    if (entries === undefined) {
      entries = { literal: new Map(), prefixed: [] }
      this.#byType.set(entry.resourceType, entries)
    }
    if (entry.patternType === patternType.PREFIXED) entries.prefixed.push(entry)
    else entries.literal.set(entry.resourceName, [...(entries.literal.get(entry.resourceName) ?? []), entry])
    this.#remembered.clear()
  }

  /** Removes an entry by its key; nothing when it is not there. */
  remove(key: string): void {
    const held = this.#entries.get(key)
    if (held === undefined) return
    this.#entries.delete(key)
    const entries = this.#byType.get(held.resourceType) as TypeEntries
    if (held.patternType === patternType.PREFIXED) entries.prefixed = entries.prefixed.filter((each) => each !== held)
    else {
      const left = (entries.literal.get(held.resourceName) ?? []).filter((each) => each !== held)
      if (left.length > 0) entries.literal.set(held.resourceName, left)
      else entries.literal.delete(held.resourceName)
    }
    this.#remembered.clear()
  }

  list(): AclEntry[] {
    return [...this.#entries.values()]
  }

  authorize(principal: Principal, host: string, asked: number, resource: number, name: string): boolean {
    const who = principalText(principal)
    const question = `${asked} ${resource} ${who.length} ${who}${host} ${name}`
    const before = this.#remembered.get(question)
    if (before !== undefined) return before
    const answer = this.#decide(who, principal.type, host, asked, resource, name)
    if (this.#remembered.size >= rememberedMax) this.#remembered.clear()
    this.#remembered.set(question, answer)
    return answer
  }

  /** Whether there is any resource of this type that the principal may do this to. */
  authorizeSome(principal: Principal, host: string, asked: number, resource: number): boolean {
    const who = principalText(principal)
    if (this.#superUsers.has(who)) return true
    const entries = this.#byType.get(resource)
    if (entries === undefined) return this.#allowWithoutEntries
    const concerning = [...entries.prefixed, ...[...entries.literal.values()].flat()].filter((entry) =>
      concerns(entry, who, principal.type, host),
    )
    const refusals = concerning.filter((entry) => entry.permission === permission.DENY && refuses(entry, asked))
    if (refusals.some((entry) => entry.patternType === patternType.LITERAL && entry.resourceName === wildcard))
      return false
    // A permission counts unless every resource it covers is refused.
    const granted = concerning.some(
      (entry) =>
        entry.permission === permission.ALLOW &&
        grants(entry.operation, asked) &&
        !refusals.some((refusal) => coversAllOf(refusal, entry)),
    )
    return granted || this.#allowWithoutEntries
  }

  #decide(who: string, kind: string, host: string, asked: number, resource: number, name: string): boolean {
    if (this.#superUsers.has(who)) return true
    let named = false
    let allowed = false
    for (const entry of this.#covering(resource, name)) {
      named = true
      if (!concerns(entry, who, kind, host)) continue
      if (entry.permission === permission.DENY) {
        if (refuses(entry, asked)) return false
      } else if (grants(entry.operation, asked)) allowed = true
    }
    return allowed || (!named && this.#allowWithoutEntries)
  }

  *#covering(resource: number, name: string): Generator<AclEntry> {
    const entries = this.#byType.get(resource)
    if (entries === undefined) return
    yield* entries.literal.get(name) ?? []
    if (name !== wildcard) yield* entries.literal.get(wildcard) ?? []
    for (const entry of entries.prefixed) if (coversName(entry, name)) yield entry
  }
}

interface TypeEntries {
  readonly literal: Map<string, AclEntry[]>
  prefixed: AclEntry[]
}

function concerns(entry: AclEntry, who: string, kind: string, host: string): boolean {
  return (
    (entry.principal === who || entry.principal === `${kind}:${wildcard}`) &&
    (entry.host === wildcard || entry.host === host)
  )
}

const refuses = (entry: AclEntry, asked: number): boolean =>
  entry.operation === asked || entry.operation === aclOperation.ALL

/** Whether every resource that `inner` covers is covered by `outer`. */
function coversAllOf(outer: AclEntry, inner: AclEntry): boolean {
  return inner.patternType === patternType.PREFIXED
    ? outer.patternType === patternType.PREFIXED && inner.resourceName.startsWith(outer.resourceName)
    : coversName(outer, inner.resourceName)
}
