/** What the verbs of topics show where a cluster does not tell everything. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '../../../cli/program.ts'
import type { ResponseOf } from '../../../proto/kafka/apis.ts'
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import { writeResponse } from '../../../proto/kafka/frame.ts'
import { zeroUuid } from '../../../proto/kafka/reader.ts'
import { KafkaWriter } from '../../../proto/kafka/writer.ts'
import { broker, closeBrokers, send, welcoming } from '../../support/fake-broker.ts'
import { recordingTerminal } from '../../support/recording-terminal.ts'

const writer = new KafkaWriter()
const keys = { Metadata: 3, ListOffsets: 2, DescribeLogDirs: 35, DescribeConfigs: 32, ApiVersions: 18 } as const
const highest = { [keys.Metadata]: 7, [keys.DescribeLogDirs]: 3 } as Readonly<Record<number, number>>
const welcome = welcoming(
  Object.values(keys).map((apiKey) => ({ apiKey, minVersion: 0, maxVersion: highest[apiKey] ?? 3 })),
)
const noNodes = { replicaNodes: [], isrNodes: [], offlineReplicas: [] }

const metadata = (port: number): ResponseOf<'Metadata'> => ({
  throttleTimeMs: 0,
  errorCode: 0,
  clusterId: 'c',
  controllerId: 1,
  brokers: [{ nodeId: 1, host: '127.0.0.1', port, rack: null }],
  clusterAuthorizedOperations: 0,
  topics: [
    {
      errorCode: 0,
      name: 'orders',
      topicId: zeroUuid,
      isInternal: false,
      topicAuthorizedOperations: 0,
      partitions: [
        { errorCode: 0, partitionIndex: 0, leaderId: 1, leaderEpoch: 0, ...noNodes },
        { errorCode: kafkaError.LEADER_NOT_AVAILABLE, partitionIndex: 1, leaderId: -1, leaderEpoch: 4, ...noNodes },
      ],
    },
  ],
})
const offset = { errorCode: 0, oldStyleOffsets: [], timestamp: -1, leaderEpoch: 0 }
const offsets: ResponseOf<'ListOffsets'> = {
  throttleTimeMs: 0,
  topics: [{ name: 'orders', partitions: [{ ...offset, partitionIndex: 0, offset: 7 }] }],
}
const noSizes: ResponseOf<'DescribeLogDirs'> = {
  throttleTimeMs: 0,
  errorCode: kafkaError.CLUSTER_AUTHORIZATION_FAILED,
  results: [],
}
const noConfigs: ResponseOf<'DescribeConfigs'> = {
  throttleTimeMs: 0,
  results: [
    {
      errorCode: kafkaError.TOPIC_AUTHORIZATION_FAILED,
      errorMessage: null,
      resourceType: 2,
      resourceName: 'orders',
      configs: [],
    },
  ],
}

let port: number

/** A topic whose second partition has lost its leader, for a user who may describe it and nothing else. */
beforeEach(async () => {
  port = await broker((asked, socket) => {
    const { key, version, id } = asked
    if (key === keys.ApiVersions) welcome(asked, socket)
    else if (key === keys.Metadata) send(socket, writeResponse(writer, 'Metadata', version, id, metadata(port)))
    else if (key === keys.ListOffsets) send(socket, writeResponse(writer, 'ListOffsets', version, id, offsets))
    else if (key === keys.DescribeLogDirs) send(socket, writeResponse(writer, 'DescribeLogDirs', version, id, noSizes))
    else send(socket, writeResponse(writer, 'DescribeConfigs', version, id, noConfigs))
  })
})
afterEach(closeBrokers)

async function millrace(line: string) {
  const argv = [...line.split(' '), '-b', `127.0.0.1:${port}`]
  const terminal = recordingTerminal(argv.includes('--json'))
  const code = await runCli(argv, () => terminal)
  return { code, out: terminal.outLines.join('\n'), notes: terminal.noteLines.join('\n') }
}

describe('a topic of which the user may not know all, and a partition has no leader', () => {
  it('is listed', async () => {
    expect(await millrace('topic list')).toMatchObject({ code: 0, out: expect.stringMatching(/^orders +2 +0 +-$/m) })
    expect(JSON.parse((await millrace('topic list --json')).out)).toMatchObject([{ topic: 'orders', bytes: -1 }])
  })

  it('is described', async () => {
    const { code, out, notes } = await millrace('topic describe orders')
    expect({ code, notes }).toEqual({ code: 0, notes: 'Its settings are not shown: the user may not see them.' })
    expect(out).toMatch(/^0 +1 +7 +7 +-$/m)
    expect(out).toMatch(/^1 +none +- +- +-$/m)
    expect(JSON.parse((await millrace('topic describe orders --json')).out)).toMatchObject({
      configs: null,
      set: null,
      partitions: [
        { leader: 1, start: 7, end: 7, bytes: -1 },
        { leader: -1, start: -1, end: -1, stable: -1, bytes: -1 },
      ],
    })
  })
})
