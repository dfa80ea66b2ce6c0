/** `millrace start --role …`: a server process in the foreground, until SIGTERM or Ctrl-C. */
import { configureLogging } from '../../core/log.ts'
import { addressOf, type ClusterFlags, parseDefinitions } from '../cluster.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { processConfig } from '../process-config.ts'
import type { Terminal } from '../terminal.ts'

export interface StartFlags extends ClusterFlags {
  readonly role: 'jobmanager' | 'taskmanager' | 'broker'
  readonly config?: string
  /** Of a broker: host:port, or listeners as broker.listeners has them. */
  readonly listen?: string
  /** Of a broker. */
  readonly data?: string
  readonly authorizer?: string
  readonly define?: readonly string[]
}

export async function start(terminal: Terminal, flags: StartFlags): Promise<ExitCode> {
  const definitions = parseDefinitions(flags.define)
  if (flags.jobmanager !== undefined) {
    const address = addressOf(flags)
    const colon = address.lastIndexOf(':')
    definitions['jobmanager.rpc.address'] = address.slice(0, colon)
    definitions['jobmanager.rpc.port'] = address.slice(colon + 1)
  }
  if (flags.listen !== undefined) definitions['broker.listeners'] = flags.listen
  if (flags.data !== undefined) definitions['broker.data-dir'] = flags.data
  if (flags.authorizer !== undefined) definitions['broker.authorizer'] = flags.authorizer
  const config = processConfig(flags.config, definitions).toRecord()
  // Lines for people on a terminal, for machines elsewhere.
  configureLogging({ format: terminal.interactive ? 'text' : 'json' })
  const stopped = stopSignal()
  const server = await startRole(terminal, flags.role, config)
  const signal = await stopped
  terminal.note(`${flags.role} stops (${signal})`)
  await server.close()
  return exitCodes.ok
}

async function startRole(
  terminal: Terminal,
  role: StartFlags['role'],
  config: Readonly<Record<string, string>>,
): Promise<{ close(): Promise<void> }> {
  if (role === 'jobmanager') {
    const { startJobManager } = await import('../../jobmanager/main.ts')
    const server = await startJobManager(config)
    terminal.out(terminal.json ? JSON.stringify({ role, address: server.address }) : `JobManager at ${server.address}`)
    return server
  }
  if (role === 'taskmanager') {
    const { startTaskManager } = await import('../../taskmanager/main.ts')
    const server = await startTaskManager(config)
    terminal.out(terminal.json ? JSON.stringify({ role, id: server.id }) : `TaskManager ${server.id}`)
    return server
  }
  if (role === 'broker') {
    const { startBroker } = await import('../../broker/main.ts')
    const server = await startBroker(config)
    const { address, id, clusterId } = server
    terminal.out(terminal.json ? JSON.stringify({ role, address, id, clusterId }) : `broker at ${address}`)
    return server
  }
  throw cliErrors.create('BAD_ARGUMENT', {
    problem: `there is no role ${String(role)}; roles are jobmanager, taskmanager, broker`,
  })
}

/** The signal that asks this process to end. A second one ends it at once. */
function stopSignal(): Promise<string> {
  return new Promise((resolve) => {
    let asked = false
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.on(signal, () => {
        if (asked) process.exit(exitCodes.failed)
        asked = true
        resolve(signal)
      })
    }
  })
}
