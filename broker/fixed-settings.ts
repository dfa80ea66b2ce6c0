/** Settings of the broker as Kafka calls them, for DescribeConfigs: those that only the configuration changes. Pure. */
import type { AnyOption, Config } from '../core/config/index.ts'
import type { ConfigKind } from './log/config.ts'
import type { FixedSetting } from './metadata/settings.ts'
import type { ListenerSpec } from './net/listener-spec.ts'
import * as options from './options.ts'

const rows: readonly (readonly [name: string, kind: ConfigKind, option: AnyOption])[] = [
  ['auto.create.topics.enable', 'boolean', options.autoCreateTopics],
  ['broker.id', 'int', options.brokerId],
  ['node.id', 'int', options.brokerId],
  ['num.partitions', 'int', options.defaultPartitions],
  ['log.dirs', 'string', options.dataDirectory],
  ['log.dir', 'string', options.dataDirectory],
  ['max.connections', 'int', options.connectionsMax],
  ['max.connections.per.ip', 'int', options.connectionsPerAddressMax],
  ['connections.max.idle.ms', 'long', options.idleTimeout],
  ['socket.request.max.bytes', 'int', options.requestBytesMax],
  ['queued.max.request.bytes', 'long', options.heldBytesMax],
  ['fetch.max.bytes', 'int', options.fetchBytesMax],
  ['max.incremental.fetch.session.cache.slots', 'int', options.fetchSessionsMax],
]

export function fixedSettings(config: Config, listeners: readonly ListenerSpec[]): FixedSetting[] {
  const fixed: FixedSetting[] = rows.map(([name, kind, option]) => ({
    name,
    kind,
    value: String(config.get(option)),
    isDefault: !config.has(option),
    doc: `${option.doc} (${option.key})`,
  }))
  const addresses = listeners.map((each) => `${each.name}://${each.host}:${each.port}`).join(',')
  fixed.push({
    name: 'listeners',
    kind: 'list',
    value: addresses,
    isDefault: !config.has(options.listeners),
    doc: `${options.listeners.doc} (${options.listeners.key})`,
  })
  const one = { kind: 'int', value: '1', isDefault: true } as const
  fixed.push({ name: 'default.replication.factor', ...one, doc: 'There is one broker.' })
  fixed.push({ name: 'offsets.topic.replication.factor', ...one, doc: 'There is one broker.' })
  fixed.push({
    name: 'delete.topic.enable',
    kind: 'boolean',
    value: 'true',
    isDefault: true,
    doc: 'Topics can be deleted.',
  })
  return fixed
}
