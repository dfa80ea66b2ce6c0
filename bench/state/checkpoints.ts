/**
 * Checkpoints of a large state in memory: all of it, none of it changed, a tenth changed, each while nothing else happens; and what
 * a checkpoint of a tenth costs a job that runs as fast as it can.
 */
import { closeSync, fsyncSync, openSync, unlinkSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { recordsBetween } from '../lib/state-control.ts'
import { keysOf, LargeJob, median, pause, round, type Taken } from './large-job.ts'

export interface CheckpointsShape {
  readonly megabytes: number
  readonly parallelism: number
  /** Checkpoints under load. */
  readonly rounds: number
  readonly options: Readonly<Record<string, string>>
}

const told = ({ durationMs, bytes, syncMs, asyncMs, cpuSeconds }: Taken): Record<string, number | undefined> => ({
  ms: durationMs,
  bytes,
  syncMs,
  asyncMs,
  cpuSeconds,
})

/** What the disk takes to write and sync as many bytes at once, in ms. */
function diskMs(directory: string, bytes: number): number {
  const path = join(directory, 'disk')
  const piece = Buffer.alloc(1 << 20, 7)
  const started = performance.now()
  const file = openSync(path, 'w')
  for (let written = 0; written < bytes; written += piece.length)
    writeSync(file, piece, 0, Math.min(piece.length, bytes - written))
  fsyncSync(file)
  closeSync(file)
  const ms = performance.now() - started
  unlinkSync(path)
  return ms
}

export async function checkpoints({ megabytes, parallelism, rounds, options }: CheckpointsShape): Promise<unknown> {
  const job = await LargeJob.start({
    taskManagers: 1,
    slots: parallelism,
    parallelism,
    keys: keysOf(megabytes, options),
    options,
  })
  try {
    const all = await job.checkpoint()
    const unchanged = await job.checkpoint()
    await job.change(0.1)
    const tenth = await job.checkpoint()
    const disk = diskMs(job.directory, tenth.bytes)

    job.tell({ hot: Math.floor(job.keys / 10) })
    await pause(4000)
    const drops: number[] = []
    const syncs: number[] = []
    const durations: number[] = []
    for (let i = 0; i < rounds; i++) {
      const fromMs = Date.now()
      await pause(3000)
      const startMs = Date.now()
      const { syncMs, durationMs } = await job.checkpoint()
      const endMs = Date.now()
      const outputs = job.outputs()
      const before = recordsBetween(outputs, fromMs, startMs) / (startMs - fromMs)
      const during = recordsBetween(outputs, startMs, endMs) / (endMs - startMs)
      process.stderr.write(`${round(before)} K records/s, with a checkpoint ${round(during)} for ${durationMs} ms\n`)
      drops.push(1 - during / before)
      syncs.push(syncMs ?? 0)
      durations.push(durationMs)
    }
    return {
      keys: job.keys,
      all: told(all),
      unchanged: { ...told(unchanged), shareOfBytes: round(unchanged.bytes / all.bytes, 5) },
      tenth: { ...told(tenth), diskMs: round(disk, 1) },
      underLoad: {
        ms: median(durations),
        msAll: durations,
        syncMsAll: syncs,
        throughputDrop: round(median(drops), 3),
        throughputDrops: drops.map((drop) => round(drop, 3)),
      },
    }
  } finally {
    await job.close()
  }
}
