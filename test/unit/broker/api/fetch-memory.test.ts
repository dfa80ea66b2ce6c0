import { expect, it } from 'vitest'
import { createFetchHandlers } from '../../../../broker/api/fetch.ts'
import type { PartitionLog } from '../../../../broker/log/partition-log.ts'
import type { FetchRequest, FetchResponse } from '../../../../proto/kafka/messages/fetch.ts'
import { append, config, openLog, settle } from '../../../support/broker-log.ts'

const position = { currentLeaderEpoch: -1, lastFetchedEpoch: -1, logStartOffset: -1, partitionMaxBytes: 1 << 20 }
const unused = { replicaDirectoryId: '', highWatermark: 0 }

function request(partitions: readonly number[]): FetchRequest {
  return {
    ...{ clusterId: null, replicaId: -1, replicaState: null, maxWaitMs: 0, minBytes: 1, maxBytes: 1 << 24 },
    ...{ isolationLevel: 0, sessionId: 0, sessionEpoch: -1, forgottenTopicsData: [], rackId: '' },
    topics: [
      {
        topic: 't',
        topicId: '',
        partitions: partitions.map((partition) => ({ partition, fetchOffset: 0, ...position, ...unused })),
      },
    ],
  } as FetchRequest
}

it('a short batch read from memory stays what it was while another partition waits for the disk', async () => {
  const { log: cold, clock, disk, directory } = await openLog({}, { options: { tailBytes: 3 << 20 } })
  const hot = directory.create('hot', 'AAAAAAAAAAAAAAAAAAAAAw', 0, config())
  const fill = async (count: number, bytes: number): Promise<void> => {
    for (let i = 0; i < count; i++) {
      append(cold, { values: [String.fromCharCode(97 + i).repeat(bytes)] })
      await settle(clock)
    }
  }
  await fill(5, 900_000)
  append(hot, { values: ['short'] })
  await settle(clock)
  const logs: readonly PartitionLog[] = [hot, cold, hot]
  const topics = { get: () => ({}), logOf: (_: unknown, partition: number) => logs[partition] }
  const settings = { bytesMax: 1 << 24, sessionsMax: 1 }
  const handlers = createFetchHandlers({ topics, clock } as never, settings, { fetched: () => undefined }, {
    integer: () => 1,
  } as never)
  const handle = handlers.Fetch?.handle as unknown as (request: FetchRequest, context: object) => unknown
  let release = (): void => undefined
  disk.gate = (operation) => (operation === 'read' ? new Promise((resolve) => (release = resolve)) : undefined)
  const context = { version: 12, authorize: () => true, fetchBytesMax: Number.POSITIVE_INFINITY }
  const answer = handle(request([0, 1, 2]), context) as Promise<FetchResponse>
  expect(answer).toBeInstanceOf(Promise)
  await fill(8, 1_000_000)
  disk.gate = undefined
  release()
  const { responses } = await answer
  await fill(8, 1_000_000)
  const [first, second, third] = responses[0]?.partitions ?? []
  const text = (records: unknown): string => Buffer.concat(records as Buffer[]).toString('latin1')
  expect(text(first?.records)).toContain('short')
  expect(text(second?.records)).toContain('aaaa')
  // By now it lies on the disk, too.
  expect(text(third?.records)).toContain('short')
})
