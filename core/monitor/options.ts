/** Options of the port at which a process says how it is. */
import { boolean, integer, option, text } from '../config/index.ts'

export const metricsPort = option({
  key: 'metrics.port',
  type: integer({ min: 0, max: 65535 }),
  scope: 'cluster',
  doc: 'Port of /livez, /readyz and /metrics (Prometheus), in each process its own. Without it nothing listens; 0 takes a free one, which the log names.',
})
export const metricsBindHost = option({
  key: 'metrics.bind-host',
  type: text(),
  default: '127.0.0.1',
  scope: 'cluster',
  doc: 'Host on which that port listens. Other addresses than loopback need metrics.allow-insecure: whoever reaches the port can read names and numbers of jobs.',
})

export const metricsAllowInsecure = option({
  key: 'metrics.allow-insecure',
  type: boolean(),
  default: false,
  scope: 'cluster',
  doc: 'That port may be on addresses other than loopback: it is neither encrypted nor authenticated. So it may be with security.allow-insecure.',
})

export const monitorOptions = [metricsPort, metricsBindHost, metricsAllowInsecure] as const
