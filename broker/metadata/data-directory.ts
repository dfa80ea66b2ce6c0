/**
 * Opens what a broker keeps: the log directory and, in it, the metadata log. A new directory gets the id of its cluster; one of
 * another cluster or broker, one without its metadata and one that cannot be written to are refused with a sentence.
 */
import type { Config } from '../../core/config/index.ts'
import { isAlive } from '../../core/platform/processes.ts'
import { brokerErrors } from '../errors.ts'
import { parseLogConfig } from '../log/config.ts'
import { LogDirectory } from '../log/directory/log-directory.ts'
import { logErrors } from '../log/errors.ts'
import { logDirectoryOptions } from '../log/options.ts'
import type { PartitionLog } from '../log/partition-log.ts'
import * as options from '../options.ts'
import type { BrokerPlatform } from '../platform.ts'
import { MetadataLog, metadataTopic, metadataTopicId } from './metadata-log.ts'
import type { MetadataRecord } from './records.ts'
import { newClusterId } from './topic-names.ts'
import type { PartitionStore } from './topics.ts'

export interface DataDirectory {
  /** Whole. */
  readonly path: string
  readonly metadata: MetadataLog
  /** All logs but that of the metadata. */
  readonly store: PartitionStore
  readonly logs: LogDirectory
  close(): Promise<void>
}

/** Durable before anything is told; in small segments, because the log keeps itself short. */
const metadataConfig = parseLogConfig({
  'retention.ms': '-1',
  'segment.bytes': '16777216',
  'millrace.durability': 'group',
})

/** `openFilesMax`: in place of the option. Throws BROKER_LOG_… when the directory cannot be used, BROKER_METADATA_… when its metadata cannot. */
export async function openDataDirectory(
  config: Config,
  platform: BrokerPlatform,
  openFilesMax: number,
): Promise<DataDirectory> {
  const { clock, disk, log, random } = platform
  const path = disk.absolute(config.get(options.dataDirectory))
  const opening = LogDirectory.open(path, {
    clock,
    disk,
    log,
    process: { id: process.pid, isAlive },
    options: { ...logDirectoryOptions(config), openFilesMax },
    clusterId: config.get(options.clusterId),
    nodeId: config.get(options.brokerId),
    newClusterId: () => newClusterId(random),
  })
  const logs = await opening.catch((cause: NodeJS.ErrnoException) => {
    // A file in it that this user may not read, or that the disk does not give.
    if (cause.syscall === undefined) throw cause
    throw logErrors.create('DIRECTORY_UNUSABLE', { path, reason: cause.message }, { cause })
  })
  try {
    const metadata = await openMetadata(logs, platform)
    const store: PartitionStore = {
      get: (topic, partition) => logs.get(topic, partition),
      create: (topic, topicId, partition, settings) => logs.create(topic, topicId, partition, settings),
      delete: (topic, partition) => logs.delete(topic, partition),
      list: () => withoutMetadata(logs.list()),
    }
    return {
      path: logs.root,
      metadata,
      store,
      logs,
      async close() {
        await metadata.settled()
        await logs.close()
      },
    }
  } catch (error) {
    await logs.close()
    throw error
  }
}

async function openMetadata(logs: LogDirectory, platform: BrokerPlatform): Promise<MetadataLog> {
  const isNew = logs.get(metadataTopic, 0) === undefined
  if (isNew && [...logs.list()].length > 0) throw brokerErrors.create('METADATA_MISSING', { path: logs.root })
  const log = logs.create(metadataTopic, metadataTopicId, 0, metadataConfig)
  const metadata = await MetadataLog.open(log, { clock: platform.clock })
  const { clusterId, nodeId } = logs.identity
  const startedMs = platform.clock.now()
  await metadata.change((image) => {
    const records: MetadataRecord[] = []
    if (image.clusterId === '') records.push({ kind: 'cluster', clusterId, brokerId: nodeId, createdMs: startedMs })
    records.push({ kind: 'broker-started', epoch: image.brokerEpoch + 1, startedMs })
    return { records, result: undefined }
  })
  return metadata
}

function* withoutMetadata(logs: Iterable<PartitionLog>): Generator<PartitionLog> {
  for (const log of logs) if (log.topic !== metadataTopic) yield log
}
