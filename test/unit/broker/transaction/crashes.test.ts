import { describe, expect, it } from 'vitest'
import { readTransactionRecord } from '../../../../broker/transaction/records.ts'
import { type TransactionState, transactionStatus } from '../../../../broker/transaction/state.ts'
import { readBatchHeader, readRecords } from '../../../../proto/kafka/records/index.ts'
import { MemoryLog } from '../../../support/memory-log.ts'
import { at, Blocks, Partitions, TransactionHarness } from './harness.ts'

const { CompleteCommit, CompleteAbort, Empty, Ongoing, PrepareCommit, PrepareAbort } = transactionStatus
const names = ['flights-0', 'flights-1', '__consumer_offsets-3']

/** A few transactions; what is left of the log after each write, with the markers that were there then. */
async function history(): Promise<{ log: MemoryLog; markers: Map<string, string[]> }[]> {
  const log = new MemoryLog()
  const partitions = new Partitions()
  const moments: { log: MemoryLog; markers: Map<string, string[]> }[] = []
  const remember = () => moments.push({ log: log.prefix(log.batches.length), markers: new Map(partitions.markers) })
  log.beforeAppend = remember
  partitions.before = remember
  const broker = await TransactionHarness.start({}, log, partitions)
  for (const commit of [true, false, true]) {
    const producer = await broker.eventually(broker.init())
    await broker.coordinator.addPartitions('job', producer, at('flights-0', 'flights-1'))
    await broker.coordinator.addPartitions('job', producer, at('__consumer_offsets-3'))
    await broker.coordinator.endTransaction('job', producer, commit)
    await broker.settle()
  }
  remember()
  return moments
}

/** What the log says last. */
function decidedIn(log: MemoryLog): TransactionState | undefined {
  let state: TransactionState | null | undefined
  for (const batch of log.batches) {
    const [record] = readRecords(batch, readBatchHeader(batch, 0))
    if (record?.key != null) state = readTransactionRecord(record.key, record.value, record.offset)?.state
  }
  return state ?? undefined
}

describe('a kill at any moment of a transaction', () => {
  it('leaves it committed everywhere or aborted everywhere, as was decided', async () => {
    const moments = await history()
    expect(moments.length).toBeGreaterThan(20)
    const seen = new Set<number>()
    for (const { log, markers } of moments) {
      const decided = decidedIn(log)
      if (decided === undefined) continue
      seen.add(decided.status)
      const partitions = new Partitions()
      for (const [name, written] of markers) partitions.markers.set(name, [...written])
      const blocks = new Blocks()
      blocks.next = 5000
      const broker = await TransactionHarness.start({}, log, partitions, undefined, blocks)
      await broker.settle()
      const own = `${decided.producerId}/${decided.producerEpoch}`
      const ends = () => names.map((name) => partitions.of(name).filter((marker) => marker.endsWith(` ${own}`)))
      const { status } = decided
      if (status === Empty) {
        expect(ends()).toEqual([[], [], []])
      } else if (status === Ongoing) {
        // No marker comes before the decision. The producer never comes back: the time-out decides.
        expect(ends()).toEqual([[], [], []])
        await broker.clock.advanceAsync(80_000)
        expect(broker.state?.status).toBe(CompleteAbort)
        for (const [topic, numbers] of decided.partitions) {
          for (const number of numbers) {
            expect(partitions.of(`${topic}-${number}`).at(-1)).toBe(
              `abort ${decided.producerId}/${decided.producerEpoch + 1}`,
            )
          }
        }
      } else {
        const commits = status === PrepareCommit || status === CompleteCommit
        expect(broker.state?.status).toBe(commits ? CompleteCommit : CompleteAbort)
        for (const written of ends())
          expect(new Set(written)).toEqual(new Set([`${commits ? 'commit' : 'abort'} ${own}`]))
      }
      broker.coordinator.close()
    }
    expect([...seen].sort()).toEqual([Empty, Ongoing, PrepareCommit, PrepareAbort, CompleteCommit, CompleteAbort])
  })

  it('goes on with the markers where it was stopped', async () => {
    const partitions = new Partitions()
    const broker = await TransactionHarness.start({}, new MemoryLog(), partitions)
    const producer = await broker.init()
    await broker.coordinator.addPartitions('job', producer, at(...names))
    partitions.errors.set('flights-1', 56)
    await broker.coordinator.endTransaction('job', producer, true)
    await broker.settle()
    expect(broker.state?.status).toBe(PrepareCommit)
    partitions.errors.clear()
    const next = await broker.restart()
    await next.settle()
    expect(next.state?.status).toBe(CompleteCommit)
    for (const name of names) expect(new Set(partitions.of(name))).toEqual(new Set([`commit ${producer.producerId}/0`]))
    expect(next.clock.pending).toBe(2)
    next.coordinator.close()
    expect(next.clock.pending).toBe(0)
  })
})
