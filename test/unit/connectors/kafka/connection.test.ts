import { afterEach, describe, expect, it } from 'vitest'
import { KafkaConnection } from '../../../../connectors/kafka/client/connection.ts'
import { clientSettings } from '../../../../connectors/kafka/client/options.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import type { Socket } from '../../../../core/platform/net.ts'
import { writeResponse } from '../../../../proto/kafka/frame.ts'
import { KafkaWriter } from '../../../../proto/kafka/writer.ts'
import { type Asked, broker, closeBrokers, send, versions, welcoming } from '../../../support/fake-broker.ts'

const writer = new KafkaWriter()

afterEach(closeBrokers)

const serving = [
  { apiKey: 18, minVersion: 0, maxVersion: 3 },
  { apiKey: 12, minVersion: 0, maxVersion: 2 },
]
const welcome = welcoming(serving)
const heartbeatAnswer = (id: number): Buffer[] =>
  writeResponse(writer, 'Heartbeat', 2, id, { throttleTimeMs: id, errorCode: 0 })
const heartbeat = { groupId: 'g', generationId: 1, memberId: 'm', groupInstanceId: null }

async function connect(port: number, clock?: ManualClock): Promise<KafkaConnection> {
  const settings = clientSettings({ brokers: ['unused'], ...(clock === undefined ? {} : { clock }) })
  return KafkaConnection.open({ host: '127.0.0.1', port }, settings)
}

describe('a connection', () => {
  it('falls back to the oldest ApiVersions, and takes the newest version that both know', async () => {
    const asked: Asked[] = []
    const port = await broker((each, socket) => {
      asked.push(each)
      if (each.key === 12) send(socket, heartbeatAnswer(each.id))
      else if (each.version > 0) send(socket, writeResponse(writer, 'ApiVersions', 0, each.id, versions(35, [])))
      else welcome(each, socket)
    })
    const connection = await connect(port)
    expect(connection.versionOf('Heartbeat')).toBe(2)
    expect(await connection.request('Heartbeat', heartbeat)).toMatchObject({ errorCode: 0 })
    expect(asked.map(({ key, version }) => [key, version])).toEqual([
      [18, 3],
      [18, 0],
      [12, 2],
    ])
    connection.close()
  })

  it('has many requests on their way, answered in their order', async () => {
    const waiting: Asked[] = []
    const port = await broker((each, socket) => {
      if (each.key === 18) return welcome(each, socket)
      waiting.push(each)
      if (waiting.length === 5)
        send(
          socket,
          waiting.flatMap(({ id }) => heartbeatAnswer(id)),
        )
    })
    const connection = await connect(port)
    const answers = await Promise.all([...Array(5)].map(() => connection.request('Heartbeat', heartbeat)))
    expect(answers.map(({ throttleTimeMs }) => throttleTimeMs)).toEqual(waiting.map(({ id }) => id))
    connection.close()
  })

  it('refuses what the broker does not serve', async () => {
    const connection = await connect(await broker(welcome))
    expect(() => connection.versionOf('Fetch')).toThrow('serves Fetch in versions none')
    await expect(
      connection.request('Metadata', {
        topics: null,
        allowAutoTopicCreation: false,
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      }),
    ).rejects.toMatchObject({ code: 'KAFKA_UNSUPPORTED', retry: 'never' })
    connection.close()
  })

  it.each([
    ['what is no frame', (_: Asked, socket: Socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n')],
    ['an answer to another request', ({ id }: Asked, socket: Socket) => send(socket, heartbeatAnswer(id + 1))],
    [
      'an answer that is cut off',
      (_: Asked, socket: Socket) => void socket.write(Buffer.from([0, 0, 0, 5, 0, 0, 0, 2, 0])),
    ],
  ])('ends with all its requests on %s', async (_, spoil) => {
    const port = await broker((each, socket) => (each.key === 18 ? welcome(each, socket) : spoil(each, socket)))
    const connection = await connect(port)
    const results = await Promise.allSettled([1, 2].map(() => connection.request('Heartbeat', heartbeat)))
    for (const result of results)
      expect(result).toMatchObject({ reason: { code: 'KAFKA_BAD_RESPONSE', retry: 'backoff' } })
    expect(connection.isClosed).toBe(true)
  })

  it('ends when the broker closes it', async () => {
    const port = await broker((each, socket) => (each.key === 18 ? welcome(each, socket) : socket.destroy()))
    const connection = await connect(port)
    await expect(connection.request('Heartbeat', heartbeat)).rejects.toMatchObject({ code: 'KAFKA_CONNECTION_LOST' })
    await expect(connection.request('Heartbeat', heartbeat)).rejects.toMatchObject({ code: 'KAFKA_CONNECTION_LOST' })
  })

  it('ends when a request is not answered in time', async () => {
    const clock = new ManualClock()
    const port = await broker((each, socket) => {
      if (each.key === 18) welcome(each, socket)
    })
    const connection = await connect(port, clock)
    const lost = expect(connection.request('Heartbeat', heartbeat, 2000)).rejects.toMatchObject({
      code: 'KAFKA_TIMEOUT',
    })
    clock.advance(1500)
    expect(connection.isClosed).toBe(false)
    clock.advance(1000)
    await lost
    expect(connection.isClosed).toBe(true)
  })

  it('waits for as long as the broker says that it does not look at requests', async () => {
    const clock = new ManualClock()
    let asked = 0
    const port = await broker((each, socket) => {
      if (each.key === 18) welcome(each, socket)
      else if (asked++ === 0)
        send(socket, writeResponse(writer, 'Heartbeat', 2, each.id, { throttleTimeMs: 10_000, errorCode: 0 }))
    })
    const connection = await connect(port, clock)
    const first = connection.request('Heartbeat', heartbeat, 2000)
    const second = expect(connection.request('Heartbeat', heartbeat, 2000)).rejects.toMatchObject({
      code: 'KAFKA_TIMEOUT',
    })
    await first
    const third = expect(connection.request('Heartbeat', heartbeat, 2000)).rejects.toThrow()
    clock.advance(11_500)
    expect(connection.isClosed).toBe(false)
    clock.advance(1000)
    await Promise.all([second, third])
    expect(connection.isClosed).toBe(true)
  })
})
