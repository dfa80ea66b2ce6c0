import { describe, expect, it } from 'vitest'
import { dumpIndex } from '../../../../broker/log/inspection/inspect-index.ts'
import { systemDisk } from '../../../../core/platform/disk.ts'
import { type BrokerHarness, batchOf, startBrokerHarness } from '../../../support/broker-harness.ts'

/** The files of a partition with 30 batches, two of a transaction that was aborted, after a stop. */
async function partition(): Promise<BrokerHarness & { readonly path: string }> {
  const harness = await startBrokerHarness()
  await harness.topic('t', 1, { 'index.interval.bytes': '1', 'retention.ms': '-1' })
  const log = harness.broker.topics.logOf(harness.broker.topics.get('t') as never, 0)
  if (log === undefined) throw new Error('no log')
  for (let count = 0; count < 30; count++) {
    const producer = { producerId: 7, producerEpoch: 2, baseSequence: count, transactional: true }
    log.append(batchOf([`${count}`], count < 10 || count > 11 ? {} : { ...producer, baseSequence: count - 10 }), {
      origin: 'client',
    })
  }
  log.writeMarker(7, 3, 5, 'abort', true)
  await harness.broker.close()
  return { ...harness, path: `${harness.directory}/t-0/` }
}

describe('the files beside a segment', () => {
  it('are shown entry by entry, and what is wrong with one is said', async () => {
    const { path, directory } = await partition()
    try {
      const start = '0'.repeat(20)
      const named = (end: string) => systemDisk.list(path).find((name) => name.endsWith(end)) as string
      const transactions = named('.txnindex')
      const snapshot = named('.snapshot')
      const of = (name: string) => dumpIndex(systemDisk, `${path}${name}`)
      const offsets = of(`${start}.index`)
      expect(offsets?.problem).toBeUndefined()
      expect(offsets?.entries.length).toBeGreaterThan(20)
      // Batches of one record, all of the same size.
      const size = 69
      for (const { offset, position } of (offsets?.entries ?? []).filter((each) => (each.offset ?? 0) < 10))
        expect(position).toBe((offset ?? 0) * size)
      expect(of(`${start}.timeindex`)?.entries.at(-1)).toEqual({
        timestamp: expect.any(Number),
        offset: expect.any(Number),
      })
      const aborted = { producerId: 7, firstOffset: 10, lastOffset: 30, lastStableOffset: 31 }
      expect(of(transactions)).toEqual({ entries: [aborted], problem: undefined })
      expect(of(snapshot)?.entries).toMatchObject([
        { producerId: 7, epoch: 3, coordinatorEpoch: 5, transactionStart: -1, lastSequence: -1, batches: 0 },
      ])
      expect([of(`${start}.log`), of('partition.metadata')]).toEqual([undefined, undefined])
      for (const name of [`${start}.index`, `${start}.timeindex`, transactions, snapshot]) {
        const bytes = Buffer.from(systemDisk.read(`${path}${name}`))
        systemDisk.write(`${path}${name}`, Buffer.concat([bytes, Buffer.alloc(5, 0xff)]))
        expect(of(name)?.problem).toMatch(/do not ascend|checksum/)
      }
      expect(of(transactions)?.entries).toEqual([aborted])
    } finally {
      systemDisk.remove(directory)
    }
  })
})
