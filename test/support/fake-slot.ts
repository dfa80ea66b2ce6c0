/**
 * A slot thread that speaks the messages and does no work, for tests of the control plane. What it does is scripted by
 * options of the job:
 *
 *   fake.input      bounded: sources end at once; unbounded (default)
 *   fake.snapshot   ack (default), decline, silent
 *   fake.fault      throw, exit, oom, spin, fail: what happens after `start`
 *   fake.fault-checkpoint the fault comes when that checkpoint, or a later one, is complete, instead of after `start`
 *   fake.fault-attempts   how many attempts it happens in (default 1)
 *   fake.fault-slot       only in this slot of every TaskManager (default: all)
 *   fake.cancel     answer (default), ignore
 *   fake.results    some (default), none
 *
 * Each subtask of a source prints `<vertex>/<subtask> attempt <n> from <checkpoint>` when it starts.
 */
import { createServer } from 'node:net'
import { parentPort, workerData } from 'node:worker_threads'
import type { SubtaskSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { Deployment, FromSlot, SlotStart, SubtaskState, ToSlot } from '../../taskmanager/slot/messages.ts'
import { SlotPulse } from '../../taskmanager/slot/pulse.ts'

const start = workerData as SlotStart
const pulse = new SlotPulse(start.doorbells, start.slot)
let deployment: Deployment | undefined
/** The checkpoint after which everything ends. */
let last: number | undefined

function say(message: FromSlot): void {
  parentPort?.postMessage(message)
}

function all(state: SubtaskState): void {
  if (deployment === undefined) return
  const { attempt } = deployment
  for (const { vertex, subtask } of deployment.subtasks) say({ kind: 'state', attempt, vertex, subtask, state })
}

const isSource = (vertex: number): boolean => deployment?.plan.edges.every((edge) => edge.to.vertex !== vertex) === true

function end(state: SubtaskState): void {
  if (deployment === undefined) return
  const { attempt } = deployment
  all(state)
  deployment = undefined
  last = undefined
  pulse.leave()
  say({ kind: 'released', attempt })
}

function run(): void {
  if (deployment === undefined) return
  const { attempt, options, restore, subtasks, checkpointRoot } = deployment
  all('running')
  for (const { vertex, subtask } of subtasks) {
    if (!isSource(vertex)) continue
    const from = restore?.checkpointId ?? 0
    const line = `${vertex}/${subtask} attempt ${attempt} from ${from}`
    say({ kind: 'print', attempt, uid: 'start', lines: [line] })
    if (options['fake.results'] !== 'none')
      say({ kind: 'results', attempt, uid: 'out', subtask, sequence: 0, records: [0, 1, 2] })
  }
  if (options['fake.fault-checkpoint'] === undefined) faultIfDue(attempt, options)
  if (options['fake.input'] === 'bounded') {
    if (checkpointRoot === undefined) end('finished')
    else {
      for (const { vertex, subtask } of subtasks) if (isSource(vertex)) say({ kind: 'ended', attempt, vertex, subtask })
    }
  }
}

function faultIfDue(attempt: number, options: Readonly<Record<string, string>>): void {
  const here = options['fake.fault-slot'] === undefined || Number(options['fake.fault-slot']) === start.slot
  const faulty = here && attempt <= Number(options['fake.fault-attempts'] ?? '1')
  if (faulty && options['fake.fault'] !== undefined) fault(options['fake.fault'])
}

function fault(kind: string): void {
  switch (kind) {
    case 'throw':
      throw new Error('thrown in user code')
    case 'exit':
      process.exit(3)
      break
    case 'oom': {
      const kept: number[][] = []
      for (;;) kept.push(new Array(100_000).fill(kept.length))
    }
    case 'spin':
      pulse.enter(0)
      for (;;) Math.hypot(1, 1)
    case 'fail': {
      const { attempt, subtasks } = deployment as Deployment
      const cause = { code: 'USER_ERROR', message: 'the price was negative', operator: 'parse', uid: 'parse' }
      say({ kind: 'state', attempt, ...subtasks[0], state: 'failed', cause })
    }
  }
}

function snapshot(vertex: number, subtask: number, checkpointId: number): SubtaskSnapshot {
  const operators = deployment?.plan.vertices[vertex].operators ?? []
  return {
    operators: operators.map(({ node, uid }) => ({
      node,
      uid,
      runs: [],
      ...(isSource(vertex) ? { splits: [{ splitId: `s${subtask}`, offset: checkpointId }] } : {}),
    })),
    alignmentMs: 0,
    syncMs: 0,
    asyncMs: 0,
    bytes: 10,
  }
}

parentPort?.on('message', (message: ToSlot) => {
  if (message.kind === 'doorbells' || message.kind === 'warm') return
  if (message.kind === 'deploy') {
    deployment = message.deployment
    all('deploying')
    all('initializing')
    return
  }
  if (deployment === undefined || message.attempt !== deployment.attempt) return
  const { attempt, options, subtasks } = deployment
  switch (message.kind) {
    case 'start':
      run()
      break
    case 'trigger-checkpoint': {
      const { checkpointId } = message
      if (message.stop !== undefined) last = checkpointId
      const behaviour = options['fake.snapshot'] ?? 'ack'
      for (const { vertex, subtask } of subtasks) {
        if (behaviour === 'ack') {
          say({
            kind: 'ack',
            attempt,
            checkpointId,
            vertex,
            subtask,
            snapshot: snapshot(vertex, subtask, checkpointId),
          })
        } else if (behaviour === 'decline') {
          say({ kind: 'decline', attempt, checkpointId, vertex, subtask, reason: 'the disk is full' })
        }
      }
      break
    }
    case 'abort-checkpoint':
      if (last === message.checkpointId) last = undefined
      break
    case 'checkpoint-complete':
      say({ kind: 'print', attempt, uid: 'commit', lines: [`commit ${message.checkpointId}`] })
      if (last === message.checkpointId) end('finished')
      else if (message.checkpointId >= Number(options['fake.fault-checkpoint'] ?? Number.POSITIVE_INFINITY)) {
        faultIfDue(attempt, options)
      }
      break
    case 'cancel':
      if (options['fake.cancel'] !== 'ignore') end('canceled')
      break
  }
})

const server = createServer((socket) => socket.destroy())
server.listen(0, start.dataHost, () => {
  say({ kind: 'ready', port: (server.address() as { port: number }).port })
})
server.unref()
