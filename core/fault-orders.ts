/**
 * Failures that a test orders at named points of running processes, from outside: a file named after the point in a
 * directory that `test.fault-orders` names. Nobody sets that outside of tests; without it a point costs one comparison.
 *
 * Promises: an order strikes once, in one thread of one process, whoever comes to the point first; `storage` is the
 * exception: it holds for as long as its file is there.
 *
 * Concurrency: each thread has its own setting; the file system decides who takes an order.
 */
import { type Config, option, text } from './config/index.ts'
import { systemDisk } from './platform/disk.ts'
import { endAbruptly } from './platform/processes.ts'

/**
 *   snapshot  keyed state has stored its run, and has not told anybody
 *   prepare   a sink is about to prepare what a checkpoint will commit
 *   commit    a sink is about to commit what a complete checkpoint holds
 *   restore   state of an operator is about to be restored
 *   close     a sink has closed its writer
 *   rescale   the last checkpoint before another parallelism is complete, and the new parallelism is not stored yet
 *   storage   each access to storage in files
 */
export const faultPoints = ['snapshot', 'prepare', 'commit', 'restore', 'close', 'rescale', 'storage'] as const
export type FaultPoint = (typeof faultPoints)[number]

/** What a file of orders holds. `fail`: an error is thrown; `kill`: the process ends as by kill -9; `slow`: of storage. */
export type FaultOrder = 'fail' | 'kill' | 'slow'

/** What storage waits when it is told to be slow. */
export const slowStorageMs = 250

export const testFaultOrders = option({
  key: 'test.fault-orders',
  type: text(),
  default: '',
  scope: 'cluster',
  doc: 'For tests of the engine only: directory in which failures at named points are ordered.',
})

let directory = ''

/** From now on orders in this directory are obeyed in this thread; '' ends it. */
export function obeyFaultOrders(from: string): void {
  directory = from
}

export function configureFaultOrders(config: Config): void {
  obeyFaultOrders(config.get(testFaultOrders))
}

/** The same from options by key, as a slot thread has them. */
export function configureFaultOrdersFrom(values: Readonly<Record<string, string>>): void {
  obeyFaultOrders(values[testFaultOrders.key] ?? '')
}

export const faultOrdersObeyed = (): boolean => directory !== ''

/** Throws, or ends the process, when that is ordered here. */
export function passPoint(point: Exclude<FaultPoint, 'storage'>): void {
  if (directory === '') return
  const order = taken(point)
  if (order === undefined) return
  if (order === 'kill') endAbruptly()
  throw new Error(`a test ordered a failure at the point "${point}"`)
}

/** What storage is to do now; the order stays. */
export function standingOrder(point: 'storage'): FaultOrder | undefined {
  const path = `${directory}/${point}`
  if (directory === '' || !systemDisk.exists(path)) return undefined
  try {
    return systemDisk.read(path).toString() as FaultOrder
  } catch {
    // Withdrawn meanwhile.
    return undefined
  }
}

function taken(point: FaultPoint): FaultOrder | undefined {
  const path = `${directory}/${point}`
  if (!systemDisk.exists(path)) return undefined
  try {
    const order = systemDisk.read(path).toString() as FaultOrder
    // Exactly one can rename it. Its new name tells who gave the order that it was carried out.
    systemDisk.rename(path, `${path}.done`)
    return order
  } catch {
    // Another one was faster.
    return undefined
  }
}
