/**
 * Configuration of a server process: the file (--config, or millrace.yaml here), then the environment, then -D; a later
 * one wins. All rooms' options are known, so that one file serves a whole cluster; an unknown key stops the start.
 */
import { everyBrokerOption } from '../broker/every-option.ts'
import { type AnyOption, type Config, environmentSource, loadConfig, parseConfigFile } from '../core/config/index.ts'
import { systemDisk } from '../core/platform/disk.ts'
import { jobManagerOptions } from '../jobmanager/options.ts'
import { clientTlsOptions } from '../proto/rpc/tls-options.ts'
import { taskManagerOptions } from '../taskmanager/options.ts'
import { cliErrors } from './errors.ts'
import { kafkaClientOptions } from './kafka/options.ts'

const defaultFile = 'millrace.yaml'

/** Variables of ours that are not options. */
const ownVariables = ['MILLRACE_JOBMANAGER']

/** Every option of a cluster, each once. */
export function allOptions(): readonly AnyOption[] {
  const byKey = new Map<string, AnyOption>()
  const declared: readonly AnyOption[] = [
    ...jobManagerOptions,
    ...taskManagerOptions,
    ...everyBrokerOption,
    ...kafkaClientOptions,
    ...clientTlsOptions,
  ]
  for (const each of declared) byKey.set(each.key, each)
  return [...byKey.values()].sort((a, b) => (a.key < b.key ? -1 : 1))
}

/** Throws CONFIG_… and CLI_NO_SUCH_FILE. */
export function processConfig(file: string | undefined, definitions: Readonly<Record<string, string>>): Config {
  const options = allOptions()
  const path = file ?? defaultFile
  const present = systemDisk.exists(path)
  if (file !== undefined && !present) {
    throw cliErrors.create('NO_SUCH_FILE', { file, suggestion: 'Give the path of a configuration file.' })
  }
  return loadConfig(options, [
    ...(present ? [parseConfigFile(path, systemDisk.read(path).toString('utf8'))] : []),
    environmentSource(options, process.env, ownVariables),
    { name: '-D', values: definitions },
  ])
}
