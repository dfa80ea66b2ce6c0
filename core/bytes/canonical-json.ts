/**
 * JSON with one spelling: object keys sorted, no spaces, undefined members left out. For hashes over JSON; two processes
 * that mean the same value write the same bytes.
 */
import { assert } from '../assert.ts'

/** Canonical text of a JSON value. Numbers must be finite. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((each) => canonicalJson(each ?? null)).join(',')}]`
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined)
    members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    return `{${members.map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`).join(',')}}`
  }
  if (typeof value === 'number') assert(Number.isFinite(value), 'JSON has finite numbers only')
  return JSON.stringify(value) ?? 'null'
}
