/**
 * Configuration. An option is declared once, where it is read: key, type, default, scope and doc. From the declaration
 * come validation, the environment name and the reference page. A process collects the options it knows, loads its
 * sources once at start, and refuses to start on a key that nobody declared or a value that does not parse.
 */
import { defineErrors } from '../errors.ts'
import { didYouMean } from './nearest.ts'
import type { ValueType } from './values.ts'

/** Who may set it: the whole cluster, one process, or a job for itself. */
export type OptionScope = 'cluster' | 'jobmanager' | 'taskmanager' | 'broker' | 'client' | 'job'

export interface Option<T> {
  readonly key: string
  readonly type: ValueType<NonNullable<T>>
  readonly default: T
  readonly scope: OptionScope
  /** One or two sentences for the reference page. */
  readonly doc: string
}

/** Declares an option. Without a default, the value may be undefined. */
export function option<T>(declaration: Option<T> & { readonly type: ValueType<T> }): Option<T>
export function option<T>(
  declaration: Omit<Option<T>, 'default' | 'type'> & { readonly type: ValueType<T> },
): Option<T | undefined>
export function option<T>(declaration: Omit<Option<T>, 'default'> & { readonly default?: T }): Option<T | undefined> {
  return { default: undefined, ...declaration }
}

/** Options of different types in one list. */
// biome-ignore lint/suspicious/noExplicitAny: a list holds options of any value type
export type AnyOption = Option<any>

/** Where values come from; `name` is shown in errors: `config.yaml`, `environment`, `-D`. */
export interface ConfigSource {
  readonly name: string
  readonly values: Readonly<Record<string, string>>
}

export const configErrors = defineErrors('CONFIG', {
  UNKNOWN_KEY: {
    text: 'nothing is called {key} ({source}).{suggestion}',
    hint: 'Every key is listed by: millrace doctor --options',
    blame: 'user',
    retry: 'never',
  },
  BAD_VALUE: { text: '{key}: {reason} ({source})', blame: 'user', retry: 'never' },
  NOT_FOR_JOBS: {
    text: '{key} is an option of a process of the cluster; a job cannot set it',
    hint: 'Give it to the process: millrace start … -D key=value, or its configuration file.',
    blame: 'user',
    retry: 'never',
  },
  BAD_FILE: { text: '{file}, line {line}: {reason}', blame: 'user', retry: 'never' },
})

export interface Config {
  /** The value that was set, or the default. */
  get<T>(option: Option<T>): T
  /** True when some source set it. */
  has(option: AnyOption): boolean
  /** What was set, as text by key; loads again to the same configuration in another process or thread. */
  toRecord(): Readonly<Record<string, string>>
}

/**
 * Merges the sources (a later one wins) and checks every value. Throws CONFIG_UNKNOWN_KEY with the nearest known key, or
 * CONFIG_BAD_VALUE with key, source and what was expected.
 */
export function loadConfig(options: readonly AnyOption[], sources: readonly ConfigSource[]): Config {
  const known = new Map(options.map((each) => [each.key, each]))
  const texts: Record<string, string> = {}
  const values = new Map<string, unknown>()
  for (const source of sources) {
    for (const [key, value] of Object.entries(source.values)) {
      const declared = known.get(key)
      if (declared === undefined) {
        const suggestion = didYouMean(key, known.keys())
        throw configErrors.create('UNKNOWN_KEY', { key, source: source.name, suggestion })
      }
      values.set(key, parseValue(declared, value, source.name))
      texts[key] = value
    }
  }
  return {
    get<T>(declared: Option<T>): T {
      return (values.has(declared.key) ? values.get(declared.key) : declared.default) as T
    },
    has: (declared) => values.has(declared.key),
    toRecord: () => texts,
  }
}

function parseValue(declared: AnyOption, value: string, source: string): unknown {
  try {
    return declared.type.parse(value)
  } catch (cause) {
    throw configErrors.create('BAD_VALUE', { key: declared.key, reason: (cause as Error).message, source }, { cause })
  }
}

/** `execution.checkpointing.min-pause` as an environment variable: `MILLRACE_EXECUTION_CHECKPOINTING_MIN_PAUSE`. */
export function environmentName(key: string): string {
  return `MILLRACE_${key.replace(/[.-]/g, '_').toUpperCase()}`
}

/**
 * The options that environment variables set. Variables that start with MILLRACE_ and name no option are left alone when
 * `ignored` has them, and are errors otherwise.
 */
export function environmentSource(
  options: readonly AnyOption[],
  environment: Readonly<Record<string, string | undefined>>,
  ignored: readonly string[] = [],
): ConfigSource {
  const byName = new Map(options.map((each) => [environmentName(each.key), each.key]))
  const values: Record<string, string> = {}
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined || !name.startsWith('MILLRACE_') || ignored.includes(name)) continue
    const key = byName.get(name)
    if (key === undefined) {
      const suggestion = didYouMean(name, byName.keys())
      throw configErrors.create('UNKNOWN_KEY', { key: name, source: 'environment', suggestion })
    }
    values[key] = value
  }
  return { name: 'environment', values }
}
