/**
 * TLS of a command to its JobManager: security.ssl.* of -D first, then the environment, then the file (--config, or millrace.yaml
 * here). Only these keys are read, so that a command need not know the options of a whole cluster.
 */
import { environmentName, environmentSource, loadConfig, parseConfigFile } from '../core/config/index.ts'
import { systemClock } from '../core/platform/clock.ts'
import { systemDisk } from '../core/platform/disk.ts'
import { readMaterial } from '../core/tls/files.ts'
import type { ChannelTls } from '../proto/rpc/tls.ts'
import {
  clientAuthentication,
  clientPaths,
  clientTlsOptions,
  clientTrusted,
  clientVerifyHostname,
} from '../proto/rpc/tls-options.ts'

const prefix = 'security.ssl.'
/** What only servers read may stand in the same file. */
const options = [...clientTlsOptions, clientAuthentication, clientTrusted]

/** Undefined: the connection is plain. Throws CONFIG_… and TLS_…. */
export function clusterTls(
  definitions: Readonly<Record<string, string>> = {},
  file = 'millrace.yaml',
): ChannelTls | undefined {
  const ours = (values: Readonly<Record<string, string | undefined>>, start: string): Record<string, string> =>
    Object.fromEntries(
      Object.entries(values).filter(
        (each): each is [string, string] => each[1] !== undefined && each[0].startsWith(start),
      ),
    )
  const sources = systemDisk.exists(file) ? [parseConfigFile(file, systemDisk.read(file).toString('utf8'))] : []
  const config = loadConfig(options, [
    ...sources.map(({ name, values }) => ({ name, values: ours(values, prefix) })),
    environmentSource(options, ours(process.env, environmentName(prefix))),
    { name: '-D', values: ours(definitions, prefix) },
  ])
  const paths = clientPaths(config)
  if (paths === undefined) return undefined
  const current = readMaterial(paths, systemDisk, systemClock.now())
  return { source: { current, listen: () => undefined }, verifyHost: config.get(clientVerifyHostname) }
}
