/** The connection of a command to its cluster, and the options that all such commands have. */
import { isMillraceError } from '../core/errors.ts'
import type { ClusterClient } from '../proto/client.ts'
import { cliErrors } from './errors.ts'

export const defaultAddress = 'localhost:6123'

export interface ClusterFlags {
  /** `-m host:port`, or several of them with commas. */
  readonly jobmanager?: string
  /** `-D key=value`; those of the connection are security.ssl.*. */
  readonly define?: readonly string[]
}

/** The JobManagers a command talks to: `-m`, else MILLRACE_JOBMANAGER, else this machine. */
export function addressOf(flags: ClusterFlags): string {
  const given = flags.jobmanager ?? process.env.MILLRACE_JOBMANAGER ?? defaultAddress
  return given.split(',').map(oneAddress).join(',')
}

function oneAddress(given: string): string {
  const address = given.trim()
  if (/^\d+$/.test(address)) return `localhost:${address}`
  if (!address.includes(':')) return `${address}:6123`
  const port = Number(address.slice(address.lastIndexOf(':') + 1))
  if (!Number.isInteger(port) || port < 1 || port > 65535) {
    throw cliErrors.create('BAD_ARGUMENT', { problem: `"${address}" is not host:port` })
  }
  return address
}

/** Runs `work` with a client and closes it. */
export async function withCluster<T>(flags: ClusterFlags, work: (client: ClusterClient) => Promise<T>): Promise<T> {
  // A server process need not load gRPC's client.
  const { createClusterClient } = await import('../proto/client.ts')
  const { clusterTls } = await import('./cluster-tls.ts')
  const client = createClusterClient({ address: addressOf(flags), tls: clusterTls(parseDefinitions(flags.define)) })
  try {
    return await work(client)
  } finally {
    client.close()
  }
}

/** Cancels a job that seemed to run; it may have ended meanwhile. */
export async function cancelUnlessEnded(client: ClusterClient, jobId: string): Promise<void> {
  try {
    await client.cancel(jobId)
  } catch (error) {
    if (!isMillraceError(error, 'JOBMANAGER_JOB_ENDED')) throw error
  }
}

/** What `-D` says of the job: not the options of the connection to the cluster. */
export function jobDefinitions(definitions?: readonly string[]): Record<string, string> {
  const all = Object.entries(parseDefinitions(definitions))
  return Object.fromEntries(all.filter(([key]) => !key.startsWith('security.ssl.')))
}

/** `-D key=value` as often as given. Throws CLI_BAD_ARGUMENT. */
export function parseDefinitions(definitions: readonly string[] = []): Record<string, string> {
  const values: Record<string, string> = {}
  for (const definition of definitions) {
    const at = definition.indexOf('=')
    if (at < 1) throw cliErrors.create('BAD_ARGUMENT', { problem: `-D ${definition}: expected key=value` })
    values[definition.slice(0, at).trim()] = definition.slice(at + 1)
  }
  return values
}
