/** Names of topics: which are allowed, and how ids are made. Pure but for `random`. */
import type { Random } from '../../core/platform/random.ts'
import { metadataTopic, metadataTopicId } from './metadata-log.ts'

const longest = 249

/** Made by the broker itself, with settings of their own. */
export const ownTopics: ReadonlySet<string> = new Set([metadataTopic, '__consumer_offsets', '__transaction_state'])

/** Why `name` cannot be a topic, as a sentence; undefined when it can. */
export function topicNameProblem(name: string): string | undefined {
  if (name === '') return 'the name of a topic must not be empty'
  if (name === '.' || name === '..') return `a topic cannot be called ${name}`
  if (name.length > longest) return `the name of a topic has at most ${longest} characters`
  if (!/^[a-zA-Z0-9._-]+$/.test(name))
    return 'names of topics are made of letters, digits, dots, underscores and dashes'
  if (ownTopics.has(name)) return `${name} belongs to the broker`
  return undefined
}

/** Names that differ only in dots and underscores would share the names of their metrics. */
export function collidingName(name: string): string {
  return name.replaceAll('.', '_')
}

/** Whether another name can collide with this one: both have a dot or an underscore then. */
export function mayCollide(name: string): boolean {
  return /[._]/.test(name)
}

const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA'

/** A new id: 16 random bytes in base64url, none of the reserved ones, and none that looks like an option. */
export function newTopicId(random: Random): string {
  for (;;) {
    const bytes = Buffer.from(random.bytes(16))
    // Version 4, as ids of topics are.
    bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40
    bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80
    const id = bytes.toString('base64url')
    if (id !== zeroId && id !== metadataTopicId && !id.startsWith('-')) return id
  }
}

/** A new id of a cluster, in the same form. */
export const newClusterId = newTopicId
