/** The port of /livez, /readyz and /metrics of a server process, as its configuration asks for it. */
import { loadConfig } from '../core/config/index.ts'
import { createLogger } from '../core/log.ts'
import type { Monitor } from '../core/monitor/monitor.ts'
import { metricsAllowInsecure, metricsBindHost, metricsPort, monitorOptions } from '../core/monitor/options.ts'
import { ownVersion } from '../core/platform/modules.ts'
import { allowInsecure } from '../proto/rpc/options.ts'

/** Undefined when nobody asked for it. Throws MONITOR_… */
export async function openMonitor(
  role: string,
  values: Readonly<Record<string, string>>,
): Promise<Monitor | undefined> {
  const options = [...monitorOptions, allowInsecure]
  const known = Object.fromEntries(options.flatMap(({ key }) => (key in values ? [[key, values[key] as string]] : [])))
  const config = loadConfig(options, [{ name: 'configuration', values: known }])
  const port = config.get(metricsPort)
  if (port === undefined) return undefined
  const log = createLogger('monitor')
  // It brings HTTP and the client of the metrics with it.
  const { startMonitor } = await import('../core/monitor/monitor.ts')
  const monitor = await startMonitor({
    host: config.get(metricsBindHost),
    port,
    allowInsecure: config.get(allowInsecure) || config.get(metricsAllowInsecure),
    role,
    version: ownVersion(),
    failed: (error) => log.warn({ error }, 'a request for health or metrics could not be answered'),
  })
  log.info({ host: monitor.host, port: monitor.port }, 'health and metrics at /livez, /readyz and /metrics')
  return monitor
}
