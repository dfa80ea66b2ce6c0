/**
 * Entry of a slot's thread. Takes one deployment at a time, keeps the data listener for as long as it lives, and turns
 * whatever user code throws outside of the loop (a rejected promise, a timer) into a failure of this slot alone.
 *
 * The engine is loaded with the first deployment: a slot that waits for one holds a third less memory. A slot that takes
 * the place of another expects its job back and loads it at once, and so do free slots while there are jobs. What loading, or
 * a job, has left behind is given back when the slot has had nothing to do for a while.
 */
import process from 'node:process'
import { Arena } from '../../core/arena/arena.ts'
import { loadConfig } from '../../core/config/index.ts'
import { configureFaultOrdersFrom } from '../../core/fault-orders.ts'
import { configureFaultsFrom } from '../../core/faults.ts'
import { systemClock, type TimerHandle } from '../../core/platform/clock.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { giveBackGarbage } from '../../core/platform/heap.ts'
import { type Network, systemNetwork } from '../../core/platform/net.ts'
import { parentPort, workerData } from '../../core/platform/threads.ts'
import { s3Settings, useS3 } from '../../core/storage/s3/options.ts'
import { TlsFiles } from '../../core/tls/files.ts'
import { internalPaths, internalTlsOptions } from '../../proto/rpc/tls-options.ts'
import { Doorbells } from '../network/doorbell.ts'
import { DataListener } from '../network/tcp/listener.ts'
import { mutualTlsNetwork } from '../network/tcp/mutual-tls.ts'
import type { Attempt } from './attempt.ts'
import type { FromSlot, SlotStart, ToSlot } from './messages.ts'
import { SlotPulse } from './pulse.ts'

const start = workerData as SlotStart
const arena = Arena.attach(start.arena, start.owner)
const bells = new Doorbells(start.doorbells, start.slot)
const pulse = new SlotPulse(start.doorbells, start.slot)
configureFaultsFrom(start.config)
configureFaultOrdersFrom(start.config)
useS3(s3Settings(start.config))

let current: Attempt | undefined
/** The last attempt that was reported as released: its `cancel` may have been on its way. */
let released = -1
let turn: Promise<void> = Promise.resolve()
/** Slots of one process rest one after the other. */
const restMs = 3000 + 200 * start.slot
let rest: TimerHandle | undefined
const say = (message: FromSlot): void => parentPort?.postMessage(message)

const listener = await DataListener.open(arena, start.dataHost, {
  network: dataNetwork(),
  warn: (text, fields) => say({ kind: 'warning', text, fields }),
  silenceMs: start.dataSilenceMs,
})

parentPort?.on('message', (message: ToSlot) => {
  if (message.kind === 'doorbells') {
    for (const [slot, port] of Object.entries(message.ports)) {
      bells.connect(Number(slot), port)
      port.on('message', () => current?.wake())
    }
    return
  }
  if (message.kind === 'warm') {
    loaded().catch(unhandled)
    return
  }
  // Messages keep their order behind the one whose deployment is being made.
  turn = turn.then(() => handle(message)).catch(unhandled)
})

function dataNetwork(): Network {
  const keys = internalTlsOptions.map((each) => each.key as string)
  const values = Object.fromEntries(Object.entries(start.config).filter(([key]) => keys.includes(key)))
  const paths = internalPaths(loadConfig(internalTlsOptions, [{ name: 'configuration', values }]))
  if (paths === undefined) return systemNetwork
  // What is wrong with new files is said once, by the control thread.
  return mutualTlsNetwork(new TlsFiles(paths, systemDisk, systemClock))
}

async function handle(message: Exclude<ToSlot, { kind: 'doorbells' | 'warm' }>): Promise<void> {
  if (message.kind === 'deploy') {
    const { Attempt: Made } = await import('./attempt.ts')
    deploy(Made, message)
    return
  }
  if (current?.deployment.attempt === message.attempt) current.handle(message)
  else if (message.kind === 'cancel' && message.attempt !== released)
    say({ kind: 'released', attempt: message.attempt })
}

function deploy(Made: typeof Attempt, { deployment }: Extract<ToSlot, { kind: 'deploy' }>): void {
  const attempt: Attempt = new Made(deployment, {
    start,
    arena,
    bells,
    pulse,
    openRemote: (of, events) => listener.exchange(of, events),
    say,
    released: () => {
      released = deployment.attempt
      if (current !== attempt) return
      current = undefined
      restLater()
    },
  })
  current = attempt
  systemClock.clearTimeout(rest)
  attempt.deploy().catch((error: unknown) => attempt.fail(error))
}

async function loaded(): Promise<void> {
  await import('./attempt.ts')
  restLater()
}

function restLater(): void {
  systemClock.clearTimeout(rest)
  if (current === undefined) rest = systemClock.setTimeout(giveBackGarbage, restMs)
}

function unhandled(error: unknown): void {
  if (current === undefined) throw error
  current.fail(error)
}
process.on('uncaughtException', unhandled)
process.on('unhandledRejection', unhandled)

say({ kind: 'ready', port: listener.port })
if (start.warm) await loaded()
else restLater()
