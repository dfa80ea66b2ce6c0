/** What slows a job down from outside, for as long as a file is there: a job that does not end before a test is done with it. */
import { existsSync } from 'node:fs'

const lookEach = 16

/** To be called for each record: lasts `pauseMs` as long as `file` exists, and no time when it is gone, or ''. */
export function brake(file: string, pauseMs = 4): () => void {
  const pause = new Int32Array(new SharedArrayBuffer(4))
  let calls = 0
  let isOn = false
  return () => {
    if (calls++ % lookEach === 0) isOn = file !== '' && existsSync(file)
    if (isOn) Atomics.wait(pause, 0, 0, pauseMs)
  }
}
