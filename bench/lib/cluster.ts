/**
 * A cluster for a benchmark: JobManager and one TaskManager in this process, or several TaskManagers as processes of
 * their own, which exchange records over TCP. Its data lies in a temporary directory that goes with it.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type ClusterClient, createClusterClient } from '../../proto/client.ts'
import { Authority, channelTls, internalFiles } from '../../test/support/certificates.ts'

export interface BenchCluster {
  readonly client: ClusterClient
  readonly address: string
  readonly directory: string
  /** Processes of the cluster, this one included. */
  readonly pids: readonly number[]
  readonly taskManagers: readonly ChildProcess[]
  close(): Promise<void>
}

export interface ClusterShape {
  /** Slots in all, spread evenly. */
  readonly slots: number
  /** 1: in this process. */
  readonly taskManagers: number
  readonly options?: Readonly<Record<string, string>>
  /** With certificates that are made for it. */
  readonly tls?: boolean
}

export const cliMain: string = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

export async function startCluster(shape: ClusterShape): Promise<BenchCluster> {
  const { slots, taskManagers } = shape
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const authority = shape.tls === true ? new Authority('bench') : undefined
  const options = { ...shape.options, ...(authority === undefined ? {} : internalFiles(directory, 'node', authority)) }
  const { startJobManager } = await import('../../jobmanager/main.ts')
  const jobManager = await startJobManager({
    ...options,
    'jobmanager.rpc.port': '0',
    'jobmanager.data-dir': join(directory, 'jobmanager'),
    'execution.checkpointing.dir': `file://${join(directory, 'checkpoints')}`,
  })
  const port = jobManager.address.slice(jobManager.address.lastIndexOf(':') + 1)
  const configOf = (i: number, each: number): Record<string, string> => ({
    ...options,
    'jobmanager.rpc.port': port,
    'taskmanager.numberOfTaskSlots': String(each),
    'taskmanager.data-dir': join(directory, `taskmanager-${i}`),
  })
  const children: ChildProcess[] = []
  const closers: (() => Promise<void>)[] = []
  if (taskManagers === 1) {
    const { startTaskManager } = await import('../../taskmanager/main.ts')
    const taskManager = await startTaskManager(configOf(0, slots))
    closers.push(() => taskManager.close())
  } else {
    for (let i = 0; i < taskManagers; i++)
      children.push(startProcess('taskmanager', configOf(i, Math.ceil(slots / taskManagers))))
  }
  const client = createClusterClient({
    address: jobManager.address,
    tls: authority && channelTls(authority, authority.issue('client'), false),
  })
  await waitFor(async () => (await client.cluster()).taskManagers.length >= taskManagers)
  return {
    client,
    address: jobManager.address,
    directory,
    pids: [process.pid, ...children.flatMap((child) => child.pid ?? [])],
    taskManagers: children,
    async close() {
      client.close()
      for (const close of closers) await close()
      await Promise.all(children.map((child) => endProcess(child)))
      await jobManager.close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** A JobManager or TaskManager as a process of its own; its complaints come through. */
export function startProcess(
  role: 'jobmanager' | 'taskmanager',
  config: Readonly<Record<string, string>>,
  quiet = false,
): ChildProcess {
  const definitions = Object.entries(config).flatMap(([key, value]) => ['-D', `${key}=${value}`])
  return spawn(process.execPath, ['--conditions=source', cliMain, 'start', '--role', role, ...definitions], {
    stdio: ['ignore', 'ignore', quiet ? 'ignore' : 'inherit'],
  })
}

export function endProcess(child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', () => resolve())
    child.kill(signal)
  })
}

export async function waitFor(
  condition: () => Promise<boolean> | boolean,
  what = 'the cluster',
  limitMs = 20_000,
): Promise<void> {
  const until = performance.now() + limitMs
  for (;;) {
    if (await condition()) return
    if (performance.now() > until) throw new Error(`waited ${limitMs / 1000} s for ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
