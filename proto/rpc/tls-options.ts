/** Options of TLS between the processes of a cluster and its clients, and the files they name. Names begin as Flink's do. */
import { boolean, type Config, oneOf, option, text } from '../../core/config/index.ts'
import { tlsErrors } from '../../core/tls/errors.ts'
import type { TlsFile, TlsPaths } from '../../core/tls/files.ts'

export const internalEnabled = option({
  key: 'security.ssl.internal.enabled',
  type: boolean(),
  default: false,
  scope: 'cluster',
  doc: 'TLS between JobManagers, TaskManagers and the slots that exchange records, each showing a certificate; and at the port of the JobManager for clients too.',
})
export const internalKey = option({
  key: 'security.ssl.internal.key',
  type: text(),
  scope: 'cluster',
  doc: 'File of the private key of a process of the cluster, PEM, without a passphrase.',
})
export const internalCert = option({
  key: 'security.ssl.internal.cert',
  type: text(),
  scope: 'cluster',
  doc: 'File of its certificate and the chain, PEM. Clients check that the one of a JobManager is for the name by which they call it.',
})
export const internalCa = option({
  key: 'security.ssl.internal.ca',
  type: text(),
  scope: 'cluster',
  doc: 'File of the authority that signs the certificates of this cluster and of nobody else, PEM: whoever has one of them belongs to the cluster.',
})
export const clientAuthentication = option({
  key: 'security.ssl.client.authentication',
  type: oneOf(['required', 'none']),
  default: 'required',
  scope: 'jobmanager',
  doc: 'Whether clients show a certificate. With none, whoever reaches the port can submit jobs, that is, run code.',
})
export const clientTrusted = option({
  key: 'security.ssl.client.trusted-ca',
  type: text(),
  scope: 'jobmanager',
  doc: 'File of an authority that signs certificates of clients, PEM: they may do what clients do, and cannot pass for a TaskManager. Certificates of the cluster are those that security.ssl.internal.ca itself has signed. Default: clients have certificates of the cluster.',
})
export const clientEnabled = option({
  key: 'security.ssl.client.enabled',
  type: boolean(),
  scope: 'client',
  doc: 'Whether a client speaks TLS to the JobManager. Default: true where security.ssl.client.ca, security.ssl.client.cert or security.ssl.internal.enabled is set.',
})
export const clientCa = option({
  key: 'security.ssl.client.ca',
  type: text(),
  scope: 'client',
  doc: 'File of the authority that signs the certificate of the JobManager, PEM. Default: security.ssl.internal.ca, else the well-known ones.',
})
export const clientCert = option({
  key: 'security.ssl.client.cert',
  type: text(),
  scope: 'client',
  doc: 'File of the certificate of a client, PEM. Default: with security.ssl.internal.enabled, that of the process.',
})
export const clientKey = option({
  key: 'security.ssl.client.key',
  type: text(),
  scope: 'client',
  doc: 'File of its private key, PEM.',
})
export const clientVerifyHostname = option({
  key: 'security.ssl.client.verify-hostname',
  type: boolean(),
  default: true,
  scope: 'client',
  doc: 'Whether the certificate of the JobManager must be for the host that the client calls. Without it, every certificate of the authority will do.',
})

/** What JobManager and TaskManager read. */
export const internalTlsOptions = [internalEnabled, internalKey, internalCert, internalCa] as const

/** What a client reads. */
export const clientTlsOptions = [
  ...internalTlsOptions,
  clientEnabled,
  clientCa,
  clientCert,
  clientKey,
  clientVerifyHostname,
] as const

/** The files of a process of the cluster; undefined: it does not speak TLS. Throws TLS_NOT_SET. */
export function internalPaths(config: Config): TlsPaths | undefined {
  if (!config.get(internalEnabled)) return undefined
  const because = `${internalEnabled.key} is true`
  return {
    key: required(config, internalKey, because),
    cert: required(config, internalCert, because),
    ca: required(config, internalCa, because),
    mutual: true,
  }
}

/** Those of a client. */
export function clientPaths(config: Config): TlsPaths | undefined {
  const inside = config.get(internalEnabled)
  const on = config.get(clientEnabled) ?? (inside || config.has(clientCa) || config.has(clientCert))
  if (!on) return undefined
  const ca = named(config, clientCa) ?? named(config, internalCa)
  if (!config.has(clientCert) && !config.has(clientKey)) {
    return inside ? { key: named(config, internalKey), cert: named(config, internalCert), ca } : { ca }
  }
  return {
    key: required(config, clientKey, `${clientCert.key} is`),
    cert: required(config, clientCert, `${clientKey.key} is`),
    ca,
  }
}

type PathOption = typeof internalKey

export function named(config: Config, path: PathOption): TlsFile | undefined {
  const value = config.get(path)
  return value === undefined || value === '' ? undefined : { option: path.key, path: value }
}

function required(config: Config, path: PathOption, because: string): TlsFile {
  const file = named(config, path)
  if (file === undefined) throw tlsErrors.create('NOT_SET', { option: path.key, because })
  return file
}
