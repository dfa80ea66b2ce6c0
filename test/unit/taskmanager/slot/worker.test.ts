/** The thread of a slot as its TaskManager sees it. */
import { fileURLToPath, pathToFileURL } from 'node:url'
import { afterEach, expect, it } from 'vitest'
import { Arena } from '../../../../core/arena/arena.ts'
import { Worker } from '../../../../core/platform/threads.ts'
import { buildGraph, compilePlan } from '../../../../sdk/index.ts'
import type { FromSlot, SlotStart, ToSlot } from '../../../../taskmanager/slot/messages.ts'
import { doorbellBytes } from '../../../../taskmanager/slot/pulse.ts'
import { deploymentOf } from '../network/support.ts'
import refusing from './refusing-job.ts'

const workers: Worker[] = []
afterEach(async () => {
  for (const worker of workers.splice(0)) await worker.terminate()
})

interface Slot {
  readonly heard: FromSlot[]
  post(message: ToSlot): void
  until(condition: (message: FromSlot) => boolean): Promise<void>
}

async function slot(config: SlotStart['config'] = {}): Promise<Slot> {
  const arena = Arena.create({ bytes: 1 << 20, segmentBytes: 64 * 1024, largeSegments: 0 })
  const start: SlotStart = {
    taskManagerId: 'tm-1',
    slot: 0,
    owner: 1,
    arena: arena.handle,
    config,
    dataHost: '127.0.0.1',
    dataSilenceMs: 0,
    warm: false,
    doorbells: new SharedArrayBuffer(doorbellBytes(1)),
  }
  const worker = new Worker(new URL('../../../../taskmanager/slot/worker.ts', import.meta.url), { workerData: start })
  workers.push(worker)
  const heard: FromSlot[] = []
  let look = (): void => undefined
  worker.on('message', (message: FromSlot) => {
    heard.push(message)
    look()
  })
  const until = (condition: (message: FromSlot) => boolean): Promise<void> =>
    new Promise((resolve) => {
      look = () => {
        if (heard.some(condition)) resolve()
      }
      look()
    })
  await until(({ kind }) => kind === 'ready')
  return { heard, post: (message) => worker.postMessage(message), until }
}

const nowhere = { bundlePath: pathToFileURL('/there/is/no/such/bundle.mjs').pathname }

it('says once that an attempt is released, also when its cancellation crosses the news', async () => {
  const { heard, post, until } = await slot()
  post({ kind: 'deploy', deployment: { ...deploymentOf(1), ...nowhere, subtasks: [{ vertex: 0, subtask: 0 }] } })
  await until(({ kind }) => kind === 'released')
  post({ kind: 'cancel', attempt: 1 })
  post({ kind: 'deploy', deployment: { ...deploymentOf(2), ...nowhere, jobId: 'other' } })
  await until((message) => message.kind === 'released' && message.attempt === 2)
  expect(
    heard.filter(({ kind }) => kind === 'released').map((message) => 'attempt' in message && message.attempt),
  ).toEqual([1, 2])
  const failed = heard.find((message) => message.kind === 'state' && message.state === 'failed')
  expect(failed).toMatchObject({ attempt: 1, vertex: 0, subtask: 0 })
})

it('answers the cancellation of an attempt that it never had', async () => {
  const { post, until } = await slot()
  post({ kind: 'cancel', attempt: 7 })
  await until((message) => message.kind === 'released' && message.attempt === 7)
})

it('takes a deployment while it loads what it will need for it', async () => {
  const { post, until } = await slot()
  post({ kind: 'warm' })
  post({ kind: 'deploy', deployment: { ...deploymentOf(1), ...nowhere, subtasks: [{ vertex: 0, subtask: 0 }] } })
  await until((message) => message.kind === 'released' && message.attempt === 1)
})

it('closes everything when what was refused cannot be written, and says why it fails', async () => {
  const file = fileURLToPath(import.meta.url)
  const { heard, post, until } = await slot({ 'taskmanager.data-dir': file })
  const deployment = {
    ...deploymentOf(1),
    plan: compilePlan(buildGraph(refusing)),
    bundlePath: fileURLToPath(new URL('refusing-job.ts', import.meta.url)),
    subtasks: [{ vertex: 0, subtask: 0 }],
  }
  post({ kind: 'deploy', deployment })
  await until((message) => message.kind === 'state' && message.state === 'initializing')
  post({ kind: 'start', attempt: 1 })
  await until(({ kind }) => kind === 'released')
  const states = heard.filter(({ kind }) => kind === 'state')
  expect(states.at(-1)).toMatchObject({ state: 'failed', cause: { message: expect.stringContaining('ENOTDIR') } })
  const printed = heard.flatMap((message) => (message.kind === 'print' ? message.lines : []))
  expect(printed).toEqual(['closed', expect.stringContaining('ENOTDIR')])
})
