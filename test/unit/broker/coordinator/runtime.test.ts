import { describe, expect, it } from 'vitest'
import { Deadline } from '../../../../broker/coordinator/deadline.ts'
import { type CoordinatorMachine, coordinatorPartition } from '../../../../broker/coordinator/log.ts'
import { CoordinatorRuntime } from '../../../../broker/coordinator/runtime.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { MemoryLog, sourceOf } from '../../../support/memory-log.ts'

class Diary implements CoordinatorMachine {
  readonly entries: string[] = []
  replay(record: Parameters<CoordinatorMachine['replay']>[0]): void {
    const transaction = record.isTransactional ? ` of ${record.producerId}/${record.producerEpoch}` : ''
    this.entries.push(`${record.offset} ${record.key.toString()}=${record.value?.toString() ?? 'null'}${transaction}`)
  }
  replayMarker(producerId: number, epoch: number, kind: 'commit' | 'abort'): void {
    this.entries.push(`${kind} ${producerId}/${epoch}`)
  }
}

const record = (key: string, value: string | null) => ({
  key: Buffer.from(key),
  value: value === null ? null : Buffer.from(value),
})

async function start(log: MemoryLog) {
  const machine = new Diary()
  const runtime = new CoordinatorRuntime({
    machine,
    logs: sourceOf(log),
    clock: new ManualClock(1000),
    maxBatchBytes: 10_000,
  })
  await runtime.load()
  return { machine, runtime }
}

describe('a coordinator over its partition', () => {
  it('gives the same state after a replay as while it was written', async () => {
    const log = new MemoryLog()
    const { machine, runtime } = await start(log)
    await runtime.write([record('a', '1'), record('b', '2')])
    await runtime.write([record('a', null)])
    await runtime.write([record('c', '3')], { producer: { id: 7, epoch: 2 } })
    await runtime.writeMarker(7, 2, 0, 'commit')
    expect(machine.entries).toEqual(['0 a=1', '1 b=2', '2 a=null', '3 c=3 of 7/2', 'commit 7/2'])
    expect((await start(log.prefix(4))).machine.entries).toEqual(machine.entries)
  })

  it('acknowledges what is durable and not before', async () => {
    const log = new MemoryLog([], false)
    const { machine, runtime } = await start(log)
    let answer: number | undefined
    const write = runtime.write([record('a', '1')]).then((error) => {
      answer = error
    })
    await Promise.resolve()
    expect(machine.entries).toEqual(['0 a=1'])
    expect(answer).toBeUndefined()
    expect(runtime.settled()).toBeInstanceOf(Promise)
    log.commit()
    await write
    expect(answer).toBe(kafkaError.NONE)
    expect(runtime.settled()).toBeUndefined()
  })

  it('changes nothing when the log refuses', async () => {
    const log = new MemoryLog()
    const { machine, runtime } = await start(log)
    log.refusal = kafkaError.NOT_ENOUGH_REPLICAS
    expect(await runtime.write([record('a', '1')])).toBe(kafkaError.COORDINATOR_NOT_AVAILABLE)
    expect(machine.entries).toEqual([])
    log.refusal = undefined
    expect(await runtime.write([record('a', '2')])).toBe(kafkaError.NONE)
  })

  it('takes nothing any more once the log has failed under it', async () => {
    const log = new MemoryLog([], false)
    const { runtime } = await start(log)
    const write = runtime.write([record('a', '1')])
    log.fail()
    expect(await write).toBe(kafkaError.NOT_COORDINATOR)
    expect(await runtime.write([record('b', '1')])).toBe(kafkaError.NOT_COORDINATOR)
    expect(runtime.unavailable).toBe(kafkaError.NOT_COORDINATOR)
  })

  it('refuses a batch that is larger than it may be', async () => {
    const { runtime } = await start(new MemoryLog())
    expect(await runtime.write([record('a', 'x'.repeat(20_000))])).toBe(kafkaError.UNKNOWN_SERVER_ERROR)
  })

  it('tells clients to wait until it is loaded', async () => {
    const runtime = new CoordinatorRuntime({
      machine: new Diary(),
      logs: sourceOf(new MemoryLog()),
      clock: new ManualClock(),
      maxBatchBytes: 100,
    })
    expect(await runtime.write([record('a', '1')])).toBe(kafkaError.COORDINATOR_LOAD_IN_PROGRESS)
    await runtime.load()
    expect(await runtime.write([record('a', '1')])).toBe(kafkaError.NONE)
  })

  it('makes the partition at the first append only', async () => {
    let made = 0
    const log = new MemoryLog()
    const create = () => {
      made++
      return log
    }
    const logs = { existing: () => undefined, create }
    const runtime = new CoordinatorRuntime({
      machine: new Diary(),
      logs,
      clock: new ManualClock(),
      maxBatchBytes: 1000,
    })
    await runtime.load()
    expect(made).toBe(0)
    await runtime.write([record('a', '1')])
    await runtime.write([record('a', '2')])
    expect(made).toBe(1)
  })
})

describe('the partition of a key', () => {
  it('is the one that Java clients and tools compute', () => {
    // "".hashCode() = 0, "group".hashCode() = 98629247, "console-consumer-1".hashCode() is negative or not alike.
    expect(coordinatorPartition('', 50)).toBe(0)
    expect(coordinatorPartition('group', 50)).toBe(98629247 % 50)
    expect(coordinatorPartition('polygenelubricants', 50)).toBe(0)
    expect(coordinatorPartition('äöü😀', 1000)).toBeGreaterThanOrEqual(0)
  })
})

describe('a deadline', () => {
  it('is reached once, at the moment it was put off to last', () => {
    const clock = new ManualClock()
    let reached = 0
    const deadline = new Deadline(clock, () => reached++)
    deadline.set(100)
    clock.advance(60)
    deadline.set(100)
    clock.advance(60)
    expect(reached).toBe(0)
    clock.advance(40)
    expect(reached).toBe(1)
    clock.advance(1000)
    expect(reached).toBe(1)
  })

  it('may come closer', () => {
    const clock = new ManualClock()
    let reached = 0
    const deadline = new Deadline(clock, () => reached++)
    deadline.set(1000)
    deadline.set(10)
    clock.advance(10)
    expect(reached).toBe(1)
  })

  it('is not reached once it is cleared, and leaves no timer', () => {
    const clock = new ManualClock()
    const deadline = new Deadline(clock, () => expect.unreachable())
    deadline.set(10)
    deadline.clear()
    clock.advance(100)
    expect(clock.pending).toBe(0)
  })
})
