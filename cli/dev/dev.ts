/**
 * `millrace dev job.ts`: a cluster in this process and the job in it, replaced at each save with its state kept. With a
 * terminal it stays until `q`; without one it ends with the job.
 */
import { inBackground, Mutex } from '../../core/async/index.ts'
import { configureLogging } from '../../core/log.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { ownVersion } from '../../core/platform/modules.ts'
import { createClusterClient } from '../../proto/client.ts'
import { parseDefinitions } from '../cluster.ts'
import { endOf, localPath } from '../commands/run.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { configuredBrokers } from '../kafka/job-brokers.ts'
import { kafkaBrokers } from '../kafka/options.ts'
import { type LoadedJob, loadJob } from '../load-job.ts'
import { allOptions } from '../process-config.ts'
import { formatAge, showError, type Terminal } from '../terminal.ts'
import { type DevBroker, startDevBroker } from './dev-broker.ts'
import { startDevCluster } from './dev-cluster.ts'
import { readKeys } from './keys.ts'
import { DevSession } from './session.ts'
import { whyNothingComes } from './silence.ts'

export interface DevFlags {
  readonly parallelism?: number
  readonly define?: readonly string[]
  readonly fromSavepoint?: string
  readonly port?: number
  readonly brokerPort?: number
  /** False: none. */
  readonly broker: boolean
}

const settleMs = 60
const silenceMs = 10_000

export async function dev(terminal: Terminal, file: string, flags: DevFlags): Promise<ExitCode> {
  const { clock } = terminal
  const started = clock.monotonic()
  const { ofJob: options, ofProcesses } = splitDefinitions(parseDefinitions(flags.define))
  configureLogging({ format: 'text', level: 'warn' })
  // Where others are named there is no need of one here.
  const elsewhere = options[kafkaBrokers.key] ?? configuredBrokers()
  const ownBroker =
    flags.broker && elsewhere === undefined
      ? startDevBroker(flags.brokerPort, brokerOptions(ofProcesses))
      : Promise.resolve(undefined)
  const load = async (): Promise<LoadedJob> => {
    const address = elsewhere ?? (await ownBroker)?.address
    const brokers = address === undefined ? {} : { [kafkaBrokers.key]: address }
    return loadJob(file, { ...brokers, ...options }, flags.parallelism)
  }
  const [loaded, starting, serving] = await Promise.allSettled([
    load(),
    startDevCluster(flags.port, ofProcesses),
    ownBroker,
  ])
  if (loaded.status === 'rejected' || starting.status === 'rejected' || serving.status === 'rejected') {
    if (starting.status === 'fulfilled') await starting.value.close()
    if (serving.status === 'fulfilled') await serving.value?.close()
    const failed = [serving, starting, loaded].find((each) => each.status === 'rejected') as PromiseRejectedResult
    throw failed.reason
  }
  let current = loaded.value
  const cluster = starting.value
  const broker = serving.value
  const client = createClusterClient({ address: cluster.address })
  const session = new DevSession(terminal, cluster, client)
  const keys = readKeys()
  const interactive = keys !== undefined
  let quit = (_code: ExitCode): void => {}
  const asked = new Promise<ExitCode>((resolve) => {
    quit = resolve
  })
  const stopListening = terminal.onInterrupt(() => quit(exitCodes.ok))
  const failed = (error: unknown) => showError(terminal, error)
  try {
    const savepoint = flags.fromSavepoint === undefined ? undefined : localPath(flags.fromSavepoint)
    // Before the job: it may wait for topics that somebody has yet to make.
    for (const line of brokerLines(broker)) terminal.note(line)
    await session.start(current, savepoint)
    const took = formatAge(clock.monotonic() - started)
    terminal.note(
      `  millrace ${ownVersion()}  ready in ${took}  (development: data in .millrace/, listening on loopback only)`,
    )
    terminal.note(`  gRPC  ${cluster.address}`)
    terminal.note(`  Job ${session.describe()}`)
    if (interactive) terminal.note('  press  r reload from savepoint · s savepoint · q quit')

    const listenForSilence = () => {
      const timer = clock.setTimeout(() => {
        if (session.shown === 0) inBackground(whyNothingComes(terminal, client, current.plan.name), failed)
      }, silenceMs)
      timer.unref()
      return timer
    }
    let silence = listenForSilence()

    // One after the other: what was saved first must not be the last that is loaded.
    const reloads = new Mutex()
    const reload = (why: string): Promise<void> =>
      reloads.run(async () => {
        const next = await load()
        current = next
        clock.clearTimeout(silence)
        await session.replace(next, `${why} → bundled ${Math.round(next.bundle.durationMs)} ms`)
        watching.close()
        silence = listenForSilence()
        watching = watchInputs(terminal, current, onSave)
      })
    const onSave = (changed: string): void => inBackground(reload(`${changed} changed`), failed)
    let watching = watchInputs(terminal, current, onSave)
    keys?.onKey((key) => {
      if (key === 'q' || key === 'ctrl-c') quit(exitCodes.ok)
      else if (key === 'r') inBackground(reload('reload'), failed)
      else if (key === 's') inBackground(session.savepoint(), failed)
    })
    try {
      if (interactive) return await asked
      return await Promise.race([asked, untilEnd(terminal, session)])
    } finally {
      watching.close()
    }
  } finally {
    stopListening()
    keys?.close()
    await session.close()
    client.close()
    await cluster.close()
    await broker?.close()
  }
}

function brokerLines(broker: DevBroker | undefined): string[] {
  if (broker === undefined) return []
  return [`  Kafka  ${broker.address}${broker.shared ? ' (of another dev in this folder)' : ''}`]
}

/** Those that configure the broker. */
function brokerOptions(given: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([key]) => key.startsWith('broker.')))
}

/** Job and cluster are one here: what is an option of a process goes to the cluster, the rest to the job. */
function splitDefinitions(
  given: Readonly<Record<string, string>>,
): Record<'ofJob' | 'ofProcesses', Record<string, string>> {
  const process = new Set(allOptions().flatMap(({ key, scope }) => (scope === 'job' ? [] : [key])))
  const entries = Object.entries(given)
  return {
    ofJob: Object.fromEntries(entries.filter(([key]) => !process.has(key))),
    ofProcesses: Object.fromEntries(entries.filter(([key]) => process.has(key))),
  }
}

async function untilEnd(terminal: Terminal, session: DevSession): Promise<ExitCode> {
  const status = await session.end
  // Why it failed was shown when it happened.
  return status.state === 'failed' ? exitCodes.failed : endOf(terminal, status)
}

/** Calls `changed` once for a burst of writes to any file that went into the bundle. */
function watchInputs(terminal: Terminal, job: LoadedJob, changed: (file: string) => void): { close(): void } {
  const { clock } = terminal
  let pending: ReturnType<typeof clock.setTimeout> | undefined
  const contents = new Map(job.bundle.inputs.map((path) => [path, contentOf(path)]))
  const watchers = job.bundle.inputs
    .filter((path) => !path.includes('/node_modules/'))
    .map((path) =>
      systemDisk.watch(path, () => {
        clock.clearTimeout(pending)
        pending = clock.setTimeout(() => {
          const now = contentOf(path)
          // Editors touch and rewrite; a file in the middle of being replaced is not there.
          if (now === undefined || contents.get(path) === now) return
          contents.set(path, now)
          changed(path.replace(`${process.cwd()}/`, ''))
        }, settleMs)
      }),
    )
  return {
    close() {
      clock.clearTimeout(pending)
      for (const watcher of watchers) watcher.close()
    },
  }
}

function contentOf(path: string): string | undefined {
  return systemDisk.exists(path) ? systemDisk.read(path).toString('base64') : undefined
}
