/**
 * Metrics of one process, on prom-client. Each process (or test) makes its own registry; nothing is global. Names start
 * with `millrace_`, and no label is called `job`, which Prometheus uses for itself (use `job_name`).
 *
 * Nothing here is for the path of a record: slots count in plain numbers and publish them a few times a second. A process that
 * nobody asks for metrics does not load prom-client, which would be a quarter of its memory.
 */
import { createRequire } from 'node:module'
import { assert } from './assert.ts'

const require = createRequire(import.meta.url)

export interface MetricSpec {
  /** With the prefix `millrace_`; counters end in `_total`, units stand last (`_ms`, `_bytes`). */
  readonly name: string
  readonly help: string
  readonly labels?: readonly string[]
}

export type Labels = Readonly<Record<string, string | number>>

export interface CounterMetric {
  add(value: number, labels?: Labels): void
  /** For counts kept elsewhere: makes the counter stand at `total`. A smaller total means that it began again. */
  set(total: number, labels?: Labels): void
  remove(labels: Labels): void
  /** Forgets all labels, before they are set again. */
  clear(): void
}

export interface GaugeMetric {
  set(value: number, labels?: Labels): void
  remove(labels: Labels): void
  /** Forgets all labels, before they are set again. */
  clear(): void
}

export interface HistogramMetric {
  observe(value: number, labels?: Labels): void
}

export interface MetricsRegistry {
  counter(spec: MetricSpec): CounterMetric
  gauge(spec: MetricSpec): GaugeMetric
  histogram(spec: MetricSpec & { readonly buckets: readonly number[] }): HistogramMetric
  /** Runs before each reading, to bring gauges up to date. */
  onCollect(update: () => void): void
  /** The exposition text. */
  text(): Promise<string>
  readonly contentType: string
}

/** What can be read of a registry. */
export type ReadableMetrics = Pick<MetricsRegistry, 'text'>

/** Metrics that are made when somebody reads them for the first time: all that they say must be found out then. */
export function metricsWhenAsked(make: () => MetricsRegistry): ReadableMetrics {
  let made: MetricsRegistry | undefined
  return {
    text() {
      made ??= make()
      return made.text()
    },
  }
}

/** A registry. `process: true` adds memory, CPU and event-loop lag of this process. */
export function createMetrics(options: { readonly process?: boolean } = {}): MetricsRegistry {
  const { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } =
    require('prom-client') as typeof import('prom-client')
  const registry = new Registry()
  const updates: (() => void)[] = []
  if (options.process === true) collectDefaultMetrics({ register: registry, prefix: 'millrace_' })
  const common = (spec: MetricSpec) => {
    assert(/^millrace_[a-z0-9_]+$/.test(spec.name), `metric ${spec.name} must start with millrace_`)
    assert(!spec.labels?.includes('job'), `metric ${spec.name}: the label is job_name, not job`)
    return { name: spec.name, help: spec.help, labelNames: [...(spec.labels ?? [])], registers: [registry] }
  }
  return {
    counter(spec) {
      const counter = new Counter(common(spec))
      return {
        add: (value, labels = {}) => counter.inc(labels, value),
        set: (total, labels = {}) => {
          counter.remove(labels)
          counter.inc(labels, total)
        },
        remove: (labels) => counter.remove(labels),
        clear: () => counter.reset(),
      }
    },
    gauge(spec) {
      const gauge = new Gauge(common(spec))
      return {
        set: (value, labels = {}) => gauge.set(labels, value),
        remove: (labels) => gauge.remove(labels),
        clear: () => gauge.reset(),
      }
    },
    histogram(spec) {
      const histogram = new Histogram({ ...common(spec), buckets: [...spec.buckets] })
      return { observe: (value, labels = {}) => histogram.observe(labels, value) }
    },
    onCollect: (update) => {
      updates.push(update)
    },
    async text() {
      for (const update of updates) update()
      return registry.metrics()
    },
    contentType: registry.contentType,
  }
}
