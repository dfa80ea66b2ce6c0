/**
 * What the broker counts, in plain numbers, and how that becomes metrics: they are read when somebody asks. Topics are
 * counted by name up to a bound; those beyond it together.
 */
import { createMetrics, type MetricsRegistry } from '../core/metrics.ts'
import { timeBoundsMs } from './api/request-times.ts'
import type { VersionTable } from './api/version-table.ts'
import type { LogDirectory } from './log/directory/log-directory.ts'
import type { Topics } from './metadata/topics.ts'
import type { BrokerServer } from './net/server.ts'
import type { ClientQuotas } from './quota/client-quotas.ts'

const namedTopicsMax = 1000
const others = '(others)'

class TopicCounts {
  bytesIn = 0
  bytesOut = 0
}

export class BrokerCounts {
  readonly #topics = new Map<string, TopicCounts>()

  produced(topic: string, bytes: number): void {
    this.#of(topic).bytesIn += bytes
  }

  fetched(topic: string, bytes: number): void {
    this.#of(topic).bytesOut += bytes
  }

  get topics(): ReadonlyMap<string, Readonly<TopicCounts>> {
    return this.#topics
  }

  #of(topic: string): TopicCounts {
    let counts = this.#topics.get(topic)
    if (counts === undefined) {
      const name = this.#topics.size < namedTopicsMax ? topic : others
      counts = this.#topics.get(name) ?? new TopicCounts()
      this.#topics.set(name, counts)
    }
    return counts
  }
}

/** The metrics of a broker. `process: true` adds those of the process. */
export function brokerMetrics(
  server: BrokerServer,
  table: VersionTable,
  topics: Topics,
  counts: BrokerCounts,
  quotas: ClientQuotas,
  logs: Pick<LogDirectory, 'failures' | 'waitingCount'>,
  options: { readonly process: boolean },
): MetricsRegistry {
  const metrics = createMetrics(options)
  const counter = (name: string, help: string, labels: readonly string[] = []) =>
    metrics.counter({ name: `millrace_broker_${name}`, help, labels })
  const gauge = (name: string, help: string) => metrics.gauge({ name: `millrace_broker_${name}`, help })
  const received = counter('received_bytes_total', 'Bytes from clients.')
  const sent = counter('sent_bytes_total', 'Bytes to clients.')
  const accepted = counter('connections_accepted_total', 'Connections that were taken.')
  const refused = counter('connections_refused_total', 'Connections beyond a limit.')
  const offences = counter(
    'connections_offended_total',
    'Connections closed because nobody could answer what they sent.',
  )
  const handshakes = counter('tls_handshakes_failed_total', 'TLS handshakes that failed.')
  const requests = counter('requests_total', 'Requests by API.', ['api'])
  const failures = counter('request_failures_total', 'Requests that failed by a mistake of the broker.', ['api'])
  const time = counter('request_time_ms_sum', 'Time from the start of a request to its answer, by API.', ['api'])
  const times = counter('request_time_ms_bucket', 'Requests by API that took no longer (le, in ms).', ['api', 'le'])
  const topicIn = counter('topic_received_bytes_total', 'Bytes of batches that were appended, by topic.', ['topic'])
  const topicOut = counter('topic_sent_bytes_total', 'Bytes of batches that were fetched, by topic.', ['topic'])
  const throttled = counter('throttled_responses_total', 'Responses that told a client beyond its quota to wait.')
  const throttledMs = counter('throttle_time_ms_total', 'Time that clients beyond their quota were told to wait.')
  const connections = gauge('connections', 'Open connections.')
  const held = gauge('held_bytes', 'Bytes of requests in work and responses on their way.')
  const topicCount = gauge('topics', 'Topics.')
  const waiting = gauge('partitions_waiting', 'Partitions that take nothing until the system has room.')
  const failed = gauge('partitions_failed', 'Partitions that take nothing until the broker is started again.')
  metrics.onCollect(() => {
    received.set(server.counts.bytesIn)
    sent.set(server.counts.bytesOut)
    accepted.set(server.counts.accepted)
    refused.set(server.counts.refused)
    offences.set(server.counts.offences)
    handshakes.set(server.counts.failedHandshakes)
    for (const api of table.all) {
      if (api.counts.requests === 0) continue
      requests.set(api.counts.requests, { api: api.name })
      failures.set(api.counts.failures, { api: api.name })
      const { sumMs, count } = api.counts.times
      time.set(sumMs, { api: api.name })
      api.counts.times.within().forEach((within, i) => {
        times.set(within, { api: api.name, le: String(timeBoundsMs[i]) })
      })
      times.set(count, { api: api.name, le: '+Inf' })
    }
    for (const [topic, { bytesIn, bytesOut }] of counts.topics) {
      topicIn.set(bytesIn, { topic })
      topicOut.set(bytesOut, { topic })
    }
    throttled.set(quotas.throttled)
    throttledMs.set(quotas.throttledMs)
    connections.set(server.connectionCount)
    held.set(server.budget.usedBytes)
    topicCount.set(topics.count)
    waiting.set(logs.waitingCount)
    failed.set(logs.failures.size)
  })
  return metrics
}
