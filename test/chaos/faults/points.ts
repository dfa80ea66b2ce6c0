/** A failure at a named point of the engine: an error, or the end of the process. */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { FaultOrder, FaultPoint } from '../../../core/fault-orders.ts'
import { always, type Fault, pick } from './fault.ts'
import { otherParallelism } from './rescale.ts'
import { endSlot } from './slot.ts'

const limitMs = 10_000

/** It appears in full or not at all. */
function place(path: string, order: FaultOrder): void {
  writeFileSync(`${path}.new`, order)
  renameSync(`${path}.new`, path)
}

const failAt = (point: Exclude<FaultPoint, 'storage'>): Fault => ({
  possible: always,
  async inject(world, draw) {
    const { cluster, orders } = world.environment
    const order: FaultOrder = pick(['fail', 'kill'] as const, draw)
    const path = join(orders, point)
    const done = `${path}.done`
    rmSync(done, { force: true })
    place(path, order)
    // Some points are not passed by a job that is well.
    if (point === 'restore') await endSlot(world)
    // Tasks are closed in slots that live: an ended one may have been the only one.
    if (point === 'close') place(join(orders, 'commit'), 'fail')
    if (point === 'rescale') {
      const parallelism = await otherParallelism(world, draw)
      // How it ends is not known: that is what is tried.
      void cluster.client.rescale(world.job, { parallelism }).catch(() => undefined)
    }
    const struck = await world.within(limitMs, () => existsSync(done))
    for (const each of [path, join(orders, 'commit')]) rmSync(each, { force: true })
    if (struck === undefined && !existsSync(done)) return undefined
    return {
      what: order === 'kill' ? 'the process ends' : 'an error',
      async heal() {
        if (order === 'kill') await world.within(2000, () => cluster.killed.length > 0)
        for (const member of cluster.killed) await cluster.restart(member)
      },
    }
  },
})

export const failAtSnapshot = failAt('snapshot')
export const failAtPrepare = failAt('prepare')
export const failAtCommit = failAt('commit')
export const failAtRestore = failAt('restore')
export const failAtClose = failAt('close')
export const failAtRescale = failAt('rescale')
