/** What the members of a consumer group are subscribed to, read from the bytes that are opaque to the protocol. */
import { readConsumerProtocolSubscription } from '../../proto/kafka/messages/consumer-protocol.ts'
import { KafkaReader } from '../../proto/kafka/reader.ts'
import type { Group } from './group.ts'

const newestKnown = 3

/**
 * Topics of all members. Undefined when that cannot be said: the group is not of consumers, it has no common protocol
 * yet, or a member's bytes are not a subscription.
 */
export function subscribedTopics(group: Group): Set<string> | undefined {
  if (group.protocolType !== 'consumer' || group.protocolName === null) return undefined
  const topics = new Set<string>()
  for (const member of group.members.values()) {
    const metadata = member.metadataFor(group.protocolName)
    try {
      const reader = new KafkaReader(metadata)
      const version = reader.int16()
      // Later versions only add fields at the end.
      const subscription = readConsumerProtocolSubscription(reader, Math.min(version, newestKnown))
      for (const topic of subscription.topics) topics.add(topic)
    } catch {
      // Whatever the client wrote there is its own business; then we know nothing of it.
      return undefined
    }
  }
  return topics
}
