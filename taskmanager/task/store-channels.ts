/**
 * Puts what a barrier has overtaken into storage, as one file per subtask and checkpoint, or into its handle when it is
 * small. Concurrency: one thread; waits for a segment where rows are still to become bytes.
 */
import type { Clock } from '../../core/platform/clock.ts'
import { openStorage } from '../../core/storage/open-storage.ts'
import {
  type ChannelContent,
  type ChannelFrame,
  type ChannelsHandle,
  channelsCrc,
  channelsInlineMax,
  encodeChannels,
} from '../../proto/checkpoint/channels.ts'
import { channelsPath } from '../../proto/checkpoint/paths.ts'
import type { Recording } from './gate-lane.ts'
import type { FrameHolder, HeldBatch, HeldFrame } from './held-frames.ts'

export interface ChannelStore {
  readonly root: string
  readonly jobId: string
  readonly epoch: number
  readonly vertex: number
  readonly subtask: number
  readonly clock: Clock
}

const memoryRetryMs = 5

/** Undefined when nothing was in flight. Throws STORAGE_* errors. */
export async function storeChannels(
  at: ChannelStore,
  checkpointId: number,
  recordings: readonly Recording[],
): Promise<ChannelsHandle | undefined> {
  if (recordings.every(({ frames }) => frames.length === 0)) return undefined
  const contents: ChannelContent[] = []
  for (const { place, watermarkMs, idle, frames } of recordings) {
    const { edge, from, producers, generation, parts, holder } = place
    const encoded: ChannelFrame[] = []
    for (const frame of frames) encoded.push(...(await framesOf(frame, holder, at.clock)))
    contents.push({ edge, from, producers, generation, parts, watermarkMs, idle, frames: encoded })
  }
  const pieces = encodeChannels(contents)
  const bytes = pieces.reduce((sum, { length }) => sum + length, 0)
  const { vertex, subtask } = at
  const handle = { vertex, subtask, bytes, crc: channelsCrc(pieces) }
  if (bytes <= channelsInlineMax) return { ...handle, path: '', inline: Buffer.concat(pieces).toString('base64') }
  const path = channelsPath(at.jobId, { epoch: at.epoch, checkpointId, node: vertex, subtask })
  await openStorage(at.root).put(path, pieces)
  return { ...handle, path }
}

async function framesOf(frame: HeldFrame, holder: FrameHolder, clock: Clock): Promise<ChannelFrame[]> {
  switch (frame.kind) {
    case 'batch':
      await encoded(frame, holder, clock)
      return frame.bodies.map((body): ChannelFrame => ({ kind: 'batch', body }))
    case 'watermark':
    case 'idle':
      return [frame]
    default:
      return []
  }
}

/** Rows that found no segment to become bytes in find one sooner or later: others give theirs back. */
async function encoded(frame: HeldBatch, holder: FrameHolder, clock: Clock): Promise<void> {
  while (!holder.encode(frame)) await new Promise<void>((resolve) => clock.setTimeout(resolve, memoryRetryMs))
}
