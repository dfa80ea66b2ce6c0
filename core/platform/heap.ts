/**
 * What V8 keeps for itself. The garbage of a start: a process that waits for work does not allocate, so that V8 would hold what loading
 * has left for hours. And a young generation that has once grown, when much was alive for a moment: up to 128 MB, for good.
 */
import { PerformanceObserver } from 'node:perf_hooks'
import { getHeapSpaceStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Collects everything and gives the memory back to the system, which takes some tens of milliseconds. A V8 that does not know how is left alone. */
export function giveBackGarbage(): void {
  setFlagsFromString('--expose-gc')
  const collect: unknown = runInNewContext('globalThis.gc')
  setFlagsFromString('--no-expose-gc')
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' })
}

/**
 * From here on the young generation of this process, both halves, grows no more when it has been found with `limitBytes` after a collection.
 * It may have doubled twice in a turn that makes very much. For a process with one heap: what V8 is told counts for all of its
 * threads. Call the result to stop.
 */
export function boundYoungGeneration(limitBytes: number): () => void {
  let isFull = false
  const growBy = (factor: 1 | 2): void => setFlagsFromString(`--semi-space-growth-factor=${factor}`)
  const look = (): void => {
    const space = getHeapSpaceStatistics().find((each) => each.space_name === 'new_space')
    const full = space !== undefined && space.space_size >= limitBytes
    if (full === isFull) return
    isFull = full
    growBy(full ? 1 : 2)
  }
  // It grows only when it is collected.
  const observer = new PerformanceObserver(look)
  observer.observe({ entryTypes: ['gc'] })
  look()
  return () => {
    observer.disconnect()
    growBy(2)
  }
}
