/** The stack of a thread that hangs, and that it can be ended afterwards, whether it answered or not. */
import { afterEach, expect, test } from 'vitest'
import { Worker } from '../../../../core/platform/threads.ts'
import { hangingFrames } from '../../../../taskmanager/control/hang.ts'

const workers: Worker[] = []
afterEach(() => Promise.all(workers.splice(0).map((worker) => worker.terminate())))

async function hangingWorker(): Promise<Worker> {
  const code = `require('node:worker_threads').parentPort.postMessage('hangs')
function spin() { for (;;) Math.hypot(1, 1) }
spin()`
  const worker = new Worker(code, { eval: true })
  workers.push(worker)
  await new Promise((resolve) => worker.once('message', resolve))
  return worker
}

test('a thread in an endless loop tells the function, and can be ended', async () => {
  const worker = await hangingWorker()
  const frames = await hangingFrames(worker.threadId, () => true, 60_000)
  expect(frames.some((frame) => frame.includes('at spin ('))).toBe(true)
  expect(await worker.terminate()).toBe(1)
})

test.each([0, 1, 5, 20])('a thread that is given %i ms to answer can be ended', async (timeoutMs) => {
  const worker = await hangingWorker()
  await hangingFrames(worker.threadId, () => true, timeoutMs)
  expect(await worker.terminate()).toBe(1)
})

test('a thread that is gone has no stack', async () => {
  const worker = await hangingWorker()
  const { threadId } = worker
  await worker.terminate()
  expect(await hangingFrames(threadId, () => true, 50)).toEqual([])
})
