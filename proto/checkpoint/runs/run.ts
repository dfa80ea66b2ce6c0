/**
 * Sorted runs, in one place: the format (run-format.ts), writing (run-writer.ts), reading (run-reader.ts,
 * run-cursor.ts), reading a chain as one (run-merge.ts, run-stream.ts) or block by block (run-blocks.ts) and making a new base of it (run-compact.ts).
 */
export { chainBlocks, largestBlock, type RunBlock } from './run-blocks.ts'
export {
  appendCursor,
  type CompactOptions,
  chainRunsMaxDefault,
  compactChain,
  compactionOf,
  smallDeltas,
} from './run-compact.ts'
export { RunCursor } from './run-cursor.ts'
export { RunEntry } from './run-entry.ts'
export { type EntryKind, entryKind, entryStartBytesMax, type NamespaceDrop, runVersion } from './run-format.ts'
export {
  type ChainRun,
  chainDrops,
  type MergeOptions,
  mergeRuns,
  openChain,
} from './run-merge.ts'
export { RunReader } from './run-reader.ts'
export { ChainStream, chainSlices, streamRuns } from './run-stream.ts'
export {
  type FinishedRun,
  inlineBytesMaxDefault,
  type RunOptions,
  RunWriter,
  saveRun,
  saveRunSync,
  type WholeBlock,
  writeEntryHead,
} from './run-writer.ts'
