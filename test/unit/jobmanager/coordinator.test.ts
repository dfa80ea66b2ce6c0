import { beforeEach, describe, expect, test } from 'vitest'
import { ManualClock } from '../../../core/platform/manual-clock.ts'
import {
  CheckpointCoordinator,
  type CoordinatorSettings,
  type PendingSnapshot,
} from '../../../jobmanager/checkpoint/coordinator.ts'
import { errors as checkpointErrors } from '../../../proto/checkpoint/errors.ts'

const snapshot = { operators: [], alignmentMs: 1, syncMs: 2, asyncMs: 3, bytes: 10 }

class Ports {
  readonly calls: string[] = []
  store: (pending: PendingSnapshot) => Promise<string> = ({ checkpointId }) => Promise.resolve(`at ${checkpointId}`)
  trigger(id: number, savepoint: boolean, stop: string | undefined): void {
    this.calls.push(`trigger ${id}${savepoint ? ' savepoint' : ''}${stop === undefined ? '' : ` ${stop}`}`)
  }
  abort(id: number): void {
    this.calls.push(`abort ${id}`)
  }
  complete(id: number): void {
    this.calls.push(`complete ${id}`)
  }
  fail(error: Error): void {
    this.calls.push(`fail ${error.message}`)
  }
}

let clock: ManualClock
let ports: Ports

beforeEach(() => {
  clock = new ManualClock()
  ports = new Ports()
})

function started(settings: Partial<CoordinatorSettings> = {}): CheckpointCoordinator {
  const all = { intervalMs: 1000, minPauseMs: 0, timeoutMs: 5000, tolerableFailures: 0, ...settings }
  const coordinator = new CheckpointCoordinator(clock, all, ports)
  coordinator.start(['0/0', '1/0'], ['0/0'])
  return coordinator
}

async function acknowledge(coordinator: CheckpointCoordinator, id: number): Promise<void> {
  coordinator.ack(id, '0/0', snapshot)
  coordinator.ack(id, '1/0', snapshot)
  await coordinator.settled()
}

describe('a checkpoint coordinator', () => {
  test('takes a checkpoint each interval, and completes it when every subtask has acknowledged', async () => {
    const coordinator = started()
    clock.advance(1000)
    coordinator.ack(1, '0/0', snapshot)
    expect(ports.calls).toEqual(['trigger 1'])
    coordinator.ack(1, '1/0', snapshot)
    await coordinator.settled()
    clock.advance(1000)
    expect(ports.calls).toEqual(['trigger 1', 'complete 1', 'trigger 2'])
    expect(coordinator.history.entries.at(-1)).toMatchObject({ state: 'completed', path: 'at 1', bytes: 20 })
  })

  test('has one in flight', () => {
    started()
    clock.advance(3500)
    expect(ports.calls).toEqual(['trigger 1'])
  })

  test('waits for the minimum pause after the end of the last one', async () => {
    const coordinator = started({ minPauseMs: 800 })
    clock.advance(1000)
    clock.advance(900)
    await acknowledge(coordinator, 1)
    clock.advance(700)
    expect(ports.calls).toEqual(['trigger 1', 'complete 1'])
    clock.advance(1100)
    expect(ports.calls).toEqual(['trigger 1', 'complete 1', 'trigger 2'])
  })

  test.each([3_600_000, -3_600_000])('goes on as before when the wall clock jumps by %i ms', async (jumpMs) => {
    const coordinator = started({ minPauseMs: 800 })
    clock.advance(1000)
    await acknowledge(coordinator, 1)
    clock.jump(jumpMs)
    clock.advance(700)
    expect(ports.calls).toEqual(['trigger 1', 'complete 1'])
    clock.advance(300)
    expect(ports.calls).toEqual(['trigger 1', 'complete 1', 'trigger 2'])
  })

  test('shows since when a checkpoint is being stored', async () => {
    let stored = (_: string): void => undefined
    ports.store = () => new Promise((resolve) => (stored = resolve))
    const coordinator = started()
    clock.advance(1000)
    coordinator.ack(1, '0/0', snapshot)
    expect(coordinator.history.entries[0]).not.toHaveProperty('storingSinceMs')
    clock.advance(300)
    coordinator.ack(1, '1/0', snapshot)
    expect(coordinator.history.entries[0]).toMatchObject({ state: 'pending', storingSinceMs: clock.now() })
    stored('there')
    await coordinator.settled()
    expect(coordinator.history.entries[0]).toMatchObject({ state: 'completed', path: 'there' })
  })

  test('completes nothing before it is stored', async () => {
    const coordinator = started()
    let stored: (path: string) => void = () => undefined
    ports.store = () =>
      new Promise((resolve) => {
        stored = resolve
      })
    clock.advance(1000)
    coordinator.ack(1, '0/0', snapshot)
    coordinator.ack(1, '1/0', snapshot)
    await Promise.resolve()
    expect(ports.calls).toEqual(['trigger 1'])
    stored('there')
    await coordinator.settled()
    expect(ports.calls).toEqual(['trigger 1', 'complete 1'])
  })

  test('counts acknowledgements of other checkpoints, of strangers and repeated ones for nothing', () => {
    const coordinator = started()
    clock.advance(1000)
    coordinator.ack(7, '0/0', snapshot)
    coordinator.ack(1, '9/9', snapshot)
    coordinator.ack(1, '0/0', snapshot)
    coordinator.ack(1, '0/0', snapshot)
    expect(ports.calls).toEqual(['trigger 1'])
  })

  test('fails the job when more checkpoints in a row failed than may', async () => {
    const coordinator = started({ tolerableFailures: 1 })
    clock.advance(1000)
    coordinator.decline(1, 'x', 'full')
    clock.advance(1000)
    await acknowledge(coordinator, 2)
    clock.advance(1000)
    coordinator.decline(3, 'x', 'full')
    clock.advance(1000)
    expect(ports.calls.some((call) => call.startsWith('fail'))).toBe(false)
    coordinator.decline(4, 'x', 'full')
    expect(ports.calls.at(-1)).toContain('2 checkpoints failed')
  })

  test('fails the job at once when another leader has the checkpoints, however many failures are tolerated', async () => {
    ports.store = () => Promise.reject(checkpointErrors.create('POINTER_MOVED', { job: 'j', epoch: 2, own: 1 }))
    const coordinator = started({ tolerableFailures: 1000 })
    clock.advance(1000)
    await acknowledge(coordinator, 1)
    expect(ports.calls.at(-1)).toMatch(/^fail the checkpoint pointer of job j was moved by another leader/)
    expect(coordinator.history.entries[0]).toMatchObject({ state: 'failed' })
  })

  test('gives up what is not answered in time, and says by whom', () => {
    const coordinator = started({ tolerableFailures: 9, timeoutMs: 500 })
    clock.advance(1000)
    coordinator.ack(1, '0/0', snapshot)
    clock.advance(500)
    expect(ports.calls).toEqual(['trigger 1', 'abort 1'])
    expect(coordinator.history.entries[0].reason).toContain('1/0')
  })

  test('takes savepoints one after the other, without letting sinks commit', async () => {
    const coordinator = started()
    const one = coordinator.request({ kind: 'savepoint', path: 'a' })
    const two = coordinator.request({ kind: 'savepoint', path: 'b' })
    expect(ports.calls).toEqual(['trigger 1 savepoint'])
    await acknowledge(coordinator, 1)
    expect((await one).path).toBe('at 1')
    await acknowledge(coordinator, 2)
    expect((await two).checkpointId).toBe(2)
    expect(ports.calls).toEqual(['trigger 1 savepoint', 'trigger 2 savepoint'])
  })

  test('takes nothing more after a savepoint that stops the job, which commits', async () => {
    const coordinator = started()
    const stop = coordinator.request({ kind: 'savepoint', stop: 'suspend' })
    await expect(coordinator.request({ kind: 'checkpoint' })).rejects.toThrow('about to end')
    await acknowledge(coordinator, 1)
    await stop
    clock.advance(10_000)
    expect(ports.calls).toEqual(['trigger 1 savepoint suspend', 'complete 1'])
  })

  test('fails the job when the snapshot that was to end it fails: sources have stopped', async () => {
    const coordinator = started({ tolerableFailures: 9 })
    const stop = coordinator.request({ kind: 'savepoint', stop: 'drain' })
    coordinator.decline(1, 'x', 'full')
    await expect(stop).rejects.toThrow('full')
    expect(ports.calls.at(-1)).toContain('fail savepoint 1 failed')
  })

  test('takes the last checkpoint when all sources have ended, after the one in flight', async () => {
    const coordinator = started()
    clock.advance(1000)
    coordinator.sourceEnded('0/0')
    expect(ports.calls).toEqual(['trigger 1'])
    await acknowledge(coordinator, 1)
    expect(ports.calls).toEqual(['trigger 1', 'complete 1', 'trigger 2 drain'])
    await acknowledge(coordinator, 2)
    clock.advance(10_000)
    expect(ports.calls.slice(3)).toEqual(['complete 2'])
  })

  test('knows of sources that ended before all subtasks ran', () => {
    const coordinator = new CheckpointCoordinator(
      clock,
      { intervalMs: 1000, minPauseMs: 0, timeoutMs: 1000, tolerableFailures: 0 },
      ports,
    )
    coordinator.sourceEnded('0/0')
    coordinator.start(['0/0', '1/0'], ['0/0'])
    expect(ports.calls).toEqual(['trigger 1 drain'])
  })

  test('rejects what is in flight and what waits when the attempt ends, and never reuses an id', async () => {
    const coordinator = started()
    const one = coordinator.request({ kind: 'savepoint' })
    const two = coordinator.request({ kind: 'savepoint' })
    coordinator.stop('the job is restarting')
    await expect(one).rejects.toThrow('restarting')
    await expect(two).rejects.toThrow('restarting')
    await acknowledge(coordinator, 1)
    coordinator.start(['0/0', '1/0'], ['0/0'])
    clock.advance(1000)
    expect(ports.calls).toEqual(['trigger 1 savepoint', 'trigger 2'])
  })

  test('a snapshot that is being stored when the attempt ends counts, and nobody is told to commit', async () => {
    const coordinator = started()
    let stored: (path: string) => void = () => undefined
    ports.store = () =>
      new Promise((resolve) => {
        stored = resolve
      })
    const asked = coordinator.request({ kind: 'checkpoint' })
    coordinator.ack(1, '0/0', snapshot)
    coordinator.ack(1, '1/0', snapshot)
    coordinator.stop('the job is restarting')
    stored('there')
    expect((await asked).path).toBe('there')
    expect(ports.calls).toEqual(['trigger 1'])
    expect(coordinator.history.counts).toEqual({ triggered: 1, completed: 1, failed: 0 })
  })

  test('knows the newest snapshot that counts, also when its attempt ended while it was stored', async () => {
    const coordinator = started()
    expect(coordinator.newest).toBe(0)
    clock.advance(1000)
    await acknowledge(coordinator, 1)
    expect(coordinator.newest).toBe(1)
    clock.advance(1000)
    let stored = (_: string): void => undefined
    ports.store = () => new Promise((resolve) => (stored = resolve))
    coordinator.ack(2, '0/0', snapshot)
    expect(coordinator.storing).toBe(false)
    coordinator.ack(2, '1/0', snapshot)
    expect(coordinator.storing).toBe(true)
    coordinator.stop('it is canceled')
    expect(coordinator.newest).toBe(1)
    stored('there')
    await coordinator.settled()
    expect(coordinator.newest).toBe(2)
    expect(coordinator.storing).toBe(false)
  })

  test('does not claim to know the newest snapshot after one whose storing failed, until a later one is complete', async () => {
    const coordinator = started({ tolerableFailures: 5 })
    clock.advance(1000)
    ports.store = () => Promise.reject(new Error('no answer'))
    await acknowledge(coordinator, 1)
    expect(coordinator.newest).toBeUndefined()
    expect(coordinator.storing).toBe(false)
    ports.store = () => Promise.resolve('there')
    clock.advance(1000)
    await acknowledge(coordinator, 2)
    expect(coordinator.newest).toBe(2)
  })
})
