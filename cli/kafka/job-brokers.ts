/** Where the brokers of a job are, for commands that build it: as for the verbs, but for the broker of a dev in this folder. */
import { processConfig } from '../process-config.ts'
import { kafkaBrokers } from './options.ts'

type Options = Readonly<Record<string, string>>

/** Brokers that the file (millrace.yaml here) or the environment name. Throws CONFIG_… */
export function configuredBrokers(): string | undefined {
  const config = processConfig(undefined, {})
  return config.has(kafkaBrokers) ? config.get(kafkaBrokers) : undefined
}

/** Options of a submission, with the brokers where it names none. */
export function withBrokers(options: Options): Options {
  if (options[kafkaBrokers.key] !== undefined) return options
  const brokers = configuredBrokers()
  return brokers === undefined ? options : { [kafkaBrokers.key]: brokers, ...options }
}

/** The same for a plan that is only looked at: it does not matter where the brokers are. */
export const withAnyBrokers = (options: Options): Options => ({
  [kafkaBrokers.key]: configuredBrokers() ?? kafkaBrokers.default,
  ...options,
})
