/**
 * Settings as clients see them: those of topics with what they fall back to, and those of the broker. A topic's own value goes
 * before a value set at run time for this broker, then for all brokers, then the broker's configuration, then the default.
 *
 * Pure but for the image that it reads.
 */
import { type AnyOption, type Config, option, type ValueType } from '../../core/config/index.ts'
import {
  type ConfigKind,
  checkLogConfig,
  type LogConfig,
  type LogConfigEntry,
  logConfigEntries,
  logConfigEntry,
  parseLogConfig,
} from '../log/config.ts'
import type { MetadataImage } from './image.ts'

/** Where a value comes from, with the numbers of the wire. */
export const configSource = {
  topic: 1,
  brokerAtRunTime: 2,
  allBrokersAtRunTime: 3,
  configuration: 4,
  default: 5,
} as const
export type ConfigSourceNumber = (typeof configSource)[keyof typeof configSource]

export const configTypes: Readonly<Record<ConfigKind, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  long: 5,
  double: 6,
  list: 7,
}

export interface SettingValue {
  readonly name: string
  readonly value: string | null
  readonly source: ConfigSourceNumber
}

export interface Setting extends SettingValue {
  readonly kind: ConfigKind
  readonly readOnly: boolean
  readonly doc: string
  /** Every place that has a value, the one that counts first. */
  readonly synonyms: readonly SettingValue[]
}

/** A setting of the broker that only its configuration changes. */
export interface FixedSetting {
  readonly name: string
  readonly kind: ConfigKind
  readonly value: string | null
  readonly isDefault: boolean
  readonly doc: string
}

const checked = (entry: LogConfigEntry): ValueType<string> => ({
  name: entry.kind,
  parse(value) {
    entry.check(value)
    return value.trim()
  },
  format: (value) => value,
})

/** `broker.topic.<setting>`: what topics have that do not say otherwise. */
export const topicDefaultOptions: readonly AnyOption[] = logConfigEntries.map((entry) =>
  option({
    key: `broker.topic.${entry.name.replace(/^millrace\./, '')}`,
    type: checked(entry),
    scope: 'broker' as const,
    doc: `Of topics that do not set ${entry.name} (default ${entry.default}). ${entry.doc}`,
  }),
)

const entryByBrokerName: ReadonlyMap<string, LogConfigEntry> = new Map(
  logConfigEntries.map((entry) => [entry.brokerName, entry]),
)

export class Settings {
  readonly #image: () => MetadataImage
  readonly #broker: string
  /** By name of the topic's setting. */
  readonly #configured = new Map<string, string>()
  readonly #fixed: readonly FixedSetting[]

  constructor(image: () => MetadataImage, brokerId: number, config: Config, fixed: readonly FixedSetting[]) {
    this.#image = image
    this.#broker = String(brokerId)
    this.#fixed = fixed
    for (const [index, entry] of logConfigEntries.entries()) {
      const value = config.get(topicDefaultOptions[index] as AnyOption) as string | undefined
      if (value !== undefined) this.#configured.set(entry.name, value)
    }
  }

  /** The parsed settings of a topic. Throws BROKER_LOG_UNKNOWN_CONFIG, BROKER_LOG_BAD_CONFIG. */
  logConfig(configs: Readonly<Record<string, string>>): LogConfig {
    return parseLogConfig(configs, this.#defaults())
  }

  topicSettings(configs: Readonly<Record<string, string>>): Setting[] {
    return logConfigEntries.map((entry) => {
      const synonyms = this.#places(entry)
      const own = configs[entry.name]
      if (own !== undefined) synonyms.unshift({ name: entry.name, value: own, source: configSource.topic })
      return setting(entry.name, entry, synonyms, false)
    })
  }

  /** Of this broker; of what all brokers share when `all`. */
  brokerSettings(all: boolean): Setting[] {
    if (all) {
      return [...this.#image().brokerConfigs('')].flatMap(([name, value]) => {
        const entry = entryByBrokerName.get(name)
        const source = configSource.allBrokersAtRunTime
        return entry === undefined ? [] : [setting(name, entry, [{ name, value, source }], false)]
      })
    }
    const dynamic = logConfigEntries.map((entry) => setting(entry.brokerName, entry, this.#places(entry), false))
    const fixed = this.#fixed.map((each) => {
      const source = each.isDefault ? configSource.default : configSource.configuration
      const { name, value, kind, doc } = each
      return { name, value, source, kind, doc, readOnly: true, synonyms: [{ name, value, source }] }
    })
    return [...dynamic, ...fixed].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  /** What `name` is of a broker: undefined when there is no such setting, 'fixed' when it cannot change at run time. */
  brokerEntry(name: string): LogConfigEntry | 'fixed' | undefined {
    const entry = entryByBrokerName.get(name)
    if (entry !== undefined) return entry
    return this.#fixed.some((each) => each.name === name) ? 'fixed' : undefined
  }

  /** Throws BROKER_LOG_UNKNOWN_CONFIG, BROKER_LOG_BAD_CONFIG. */
  check(name: string, value: string): void {
    checkLogConfig(name, value)
  }

  topicEntry(name: string): LogConfigEntry | undefined {
    return logConfigEntry(name)
  }

  #defaults(): Record<string, string> {
    const defaults: Record<string, string> = {}
    for (const entry of logConfigEntries) {
      const first = this.#places(entry)[0] as SettingValue
      if (first.source !== configSource.default) defaults[entry.name] = first.value as string
    }
    return defaults
  }

  #places(entry: LogConfigEntry): SettingValue[] {
    const name = entry.brokerName
    const places: SettingValue[] = []
    const image = this.#image()
    const mine = image.brokerConfigs(this.#broker).get(name)
    if (mine !== undefined) places.push({ name, value: mine, source: configSource.brokerAtRunTime })
    const all = image.brokerConfigs('').get(name)
    if (all !== undefined) places.push({ name, value: all, source: configSource.allBrokersAtRunTime })
    const configured = this.#configured.get(entry.name)
    if (configured !== undefined) places.push({ name, value: configured, source: configSource.configuration })
    places.push({ name, value: entry.default, source: configSource.default })
    return places
  }
}

function setting(name: string, entry: LogConfigEntry, synonyms: readonly SettingValue[], readOnly: boolean): Setting {
  const first = synonyms[0] as SettingValue
  return { name, value: first.value, source: first.source, kind: entry.kind, readOnly, doc: entry.doc, synonyms }
}
