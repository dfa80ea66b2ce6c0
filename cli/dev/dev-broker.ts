/**
 * The broker inside of `millrace dev`: its log stays in `.millrace/broker` from one run to the next. A second `dev` in the
 * same folder uses the broker of the first; the verbs for topics find it, too, by a file that says where it listens.
 */
import { isMillraceError } from '../../core/errors.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { isAlive } from '../../core/platform/processes.ts'
import { cliErrors } from '../errors.ts'

export interface DevBroker {
  /** host:port. */
  readonly address: string
  /** It belongs to another `dev` in this folder. */
  readonly shared: boolean
  close(): Promise<void>
}

const dataDirectory = '.millrace/broker'
const noteFile = '.millrace/dev-broker.json'
const usualPort = 9092

/** Where the broker of a `millrace dev` in this folder listens; undefined when none runs. */
export function devBrokerAddress(): string | undefined {
  if (!systemDisk.exists(noteFile)) return undefined
  const note = JSON.parse(systemDisk.read(noteFile).toString()) as { readonly address: string; readonly pid: number }
  return isAlive(note.pid) ? note.address : undefined
}

/** Throws BROKER_PORT_IN_USE for a port that was asked for; otherwise a free one takes its place. */
export async function startDevBroker(
  port: number | undefined,
  options: Readonly<Record<string, string>>,
): Promise<DevBroker> {
  try {
    const broker = await startAt(port, options)
    const close = async (): Promise<void> => {
      systemDisk.remove(noteFile)
      await broker.close()
    }
    systemDisk.writeAtomic(noteFile, JSON.stringify({ address: broker.address, pid: process.pid }))
    return { address: broker.address, shared: false, close }
  } catch (error) {
    const address = isMillraceError(error, 'BROKER_LOG_DIRECTORY_LOCKED') ? devBrokerAddress() : undefined
    if (address === undefined) throw error
    if (port !== undefined && !address.endsWith(`:${port}`)) {
      throw cliErrors.create('BAD_ARGUMENT', {
        problem: `--broker-port ${port}: another dev in this folder has its broker at ${address}`,
      })
    }
    return { address, shared: true, close: () => Promise.resolve() }
  }
}

async function startAt(
  port: number | undefined,
  options: Readonly<Record<string, string>>,
): Promise<{ readonly address: string; close(): Promise<void> }> {
  const { startBroker } = await import('../../broker/main.ts')
  const at = (wanted: number): Readonly<Record<string, string>> => ({
    'broker.data-dir': systemDisk.absolute(dataDirectory),
    'broker.listeners': `127.0.0.1:${wanted}`,
    // A session that was killed never comes back to decide: what it left open has to expire.
    'broker.transaction.two.phase.commit.enable': 'false',
    ...options,
  })
  try {
    return await startBroker(at(port ?? usualPort))
  } catch (error) {
    if (port !== undefined || !isMillraceError(error, 'BROKER_PORT_IN_USE')) throw error
    return startBroker(at(0))
  }
}
