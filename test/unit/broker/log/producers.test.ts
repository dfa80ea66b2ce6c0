import { describe, expect, test } from 'vitest'
import { decodeProducerSnapshot, encodeProducerSnapshot } from '../../../../broker/log/producers/producer-snapshot.ts'
import { isDuplicate, mayAppend, ProducerStates } from '../../../../broker/log/producers/producer-state.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { append, batch, openLog, readAll, settle, startMs } from '../../../support/broker-log.ts'

const maxSequence = 0x7fff_ffff

/** Appends through the check, as a log does. */
function write(states: ProducerStates, sequence: number, count: number, offset: number, epoch = 0, id = 1): number {
  const last = (sequence + count - 1) % 0x8000_0000
  const answer = states.check(id, epoch, sequence, last, false, undefined)
  if (answer === mayAppend) states.appended(id, epoch, sequence, last, offset, offset + count - 1, startMs, false)
  return answer
}

describe('a producer', () => {
  test('that nothing is known of may begin anywhere; then sequences follow each other', () => {
    const states = new ProducerStates()
    expect(write(states, 17, 3, 0)).toBe(mayAppend)
    expect(write(states, 20, 1, 3)).toBe(mayAppend)
    expect(write(states, 22, 1, 4)).toBe(kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(write(states, 21, 1, 4)).toBe(mayAppend)
  })

  test('wraps its sequence, also within a batch', () => {
    const states = new ProducerStates()
    expect(write(states, maxSequence - 2, 2, 0)).toBe(mayAppend)
    expect(write(states, maxSequence, 3, 2)).toBe(mayAppend)
    expect(write(states, 2, 1, 5)).toBe(mayAppend)
    expect(write(states, maxSequence, 3, 2)).toBe(isDuplicate)
    const exact = new ProducerStates()
    write(exact, maxSequence, 1, 0)
    expect(write(exact, 0, 1, 1)).toBe(mayAppend)
  })

  test('gets the original offset for each of its last five batches, and duplicate for older ones', () => {
    const states = new ProducerStates()
    for (let i = 0; i < 8; i++) expect(write(states, i * 2, 2, 100 + i * 2)).toBe(mayAppend)
    for (let i = 3; i < 8; i++) {
      expect(write(states, i * 2, 2, 0)).toBe(isDuplicate)
      expect(states.duplicate).toMatchObject({ baseOffset: 100 + i * 2, lastOffset: 101 + i * 2 })
    }
    expect(write(states, 4, 2, 0)).toBe(kafkaError.DUPLICATE_SEQUENCE_NUMBER)
    expect(write(states, 6, 1, 0)).toBe(kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
  })

  test('that was met in the middle gets out of order for older batches: nobody knows whether they are here', () => {
    const states = new ProducerStates()
    for (let i = 10; i < 18; i++) write(states, i, 1, i)
    expect(write(states, 9, 1, 0)).toBe(kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
  })

  test('of a newer epoch begins at 0 and fences the older', () => {
    const states = new ProducerStates()
    write(states, 0, 5, 0)
    expect(write(states, 5, 1, 5, 1)).toBe(kafkaError.OUT_OF_ORDER_SEQUENCE_NUMBER)
    expect(write(states, 0, 1, 5, 1)).toBe(mayAppend)
    expect(write(states, 5, 1, 6, 0)).toBe(kafkaError.INVALID_PRODUCER_EPOCH)
  })

  test('is forgotten when it was silent for long, unless a transaction is open', () => {
    const states = new ProducerStates()
    write(states, 0, 1, 0)
    states.appended(2, 0, 0, 0, 1, 1, startMs, true)
    expect(states.expire(startMs + 1)).toBe(1)
    expect(states.get(1)).toBeUndefined()
    expect(states.openTransactions().map((each) => each.producerId)).toEqual([2])
  })

  test('is the same after its snapshot was read, with all five batches', () => {
    const states = new ProducerStates()
    for (let i = 0; i < 7; i++) write(states, i * 3, 3, i * 3)
    states.appended(2, 4, 0, 0, 21, 21, startMs, true)
    states.marked(9, 1, 5, 22, startMs)
    const bytes = encodeProducerSnapshot(states)
    const again = decodeProducerSnapshot(bytes) as ProducerStates
    expect([...again.values()].sort((a, b) => a.producerId - b.producerId)).toEqual([...states.values()])
    expect(again.firstOpen()).toBe(21)
    bytes[12] ^= 1
    expect(decodeProducerSnapshot(bytes)).toBeUndefined()
  })
})

describe('a transaction', () => {
  const sent = { producerId: 5, transactional: true }

  test('holds the last stable offset back until its marker is durable', async () => {
    const { log, clock, disk } = await openLog()
    append(log, { values: ['plain'] })
    append(log, { values: ['t'], ...sent, sequence: 0 })
    append(log, { values: ['after'] })
    await settle(clock)
    expect(log).toMatchObject({ highWatermark: 3, lastStableOffset: 1 })
    expect(log.openTransactions()).toMatchObject([{ producerId: 5, currentTransactionStartOffset: 1 }])
    let release = (): void => undefined
    disk.gate = (operation) => (operation === 'sync' ? new Promise((resolve) => (release = resolve)) : undefined)
    log.writeMarker(5, 0, 0, 'commit')
    await settle(clock)
    expect(log.lastStableOffset).toBe(1)
    release()
    await settle(clock)
    expect(log.lastStableOffset).toBe(4)
  })

  test('that was aborted is listed with every read that it overlaps', async () => {
    const { log, clock } = await openLog()
    append(log, { values: ['x', 'y'], ...sent, sequence: 0 })
    append(log, { values: ['plain'] })
    log.writeMarker(5, 0, 0, 'abort')
    append(log, { values: ['good'], ...sent, sequence: 2 })
    log.writeMarker(5, 0, 0, 'commit')
    await settle(clock)
    const committed = { isolation: 'read-committed', atLeastOne: true } as const
    expect(await log.read(0, 1000, committed)).toMatchObject({ aborted: [{ producerId: 5, firstOffset: 0 }] })
    expect(await log.read(2, 80, committed)).toMatchObject({ aborted: [{ producerId: 5, firstOffset: 0 }] })
    expect(await log.read(4, 1000, committed)).toMatchObject({ aborted: [] })
    const records = await readAll(log, 0, 'read-committed')
    expect(records.filter((each) => !each.control).map((each) => each.value)).toEqual(['plain', 'good'])
  })

  test('may only be written to by those whom the coordinator knows, and only as a transaction', async () => {
    const { log } = await openLog()
    const first = batch({ values: ['t'], ...sent, sequence: 0 })
    const asked: number[][] = []
    const verify = (answer: boolean) => (id: number, epoch: number) => {
      asked.push([id, epoch])
      return answer
    }
    expect(log.append(first, { origin: 'client', transactionVerified: verify(false) })).toMatchObject({
      error: kafkaError.INVALID_TXN_STATE,
    })
    expect(log.append(first, { origin: 'client', transactionVerified: verify(true) }).kind).toBe('appended')
    const second = batch({ values: ['t'], ...sent, sequence: 1 })
    expect(log.append(second, { origin: 'client', transactionVerified: verify(false) }).kind).toBe('appended')
    expect(asked).toEqual([
      [5, 0],
      [5, 0],
    ])
    expect(append(log, { values: ['plain'], producerId: 5, sequence: 2 })).toMatchObject({
      error: kafkaError.INVALID_TXN_STATE,
    })
  })

  test('is ended only by its own or a newer epoch, and by no coordinator that was replaced', async () => {
    const { log } = await openLog()
    append(log, { values: ['t'], ...sent, sequence: 0 })
    expect(log.writeMarker(5, 1, 3, 'abort').kind).toBe('appended')
    expect(log.writeMarker(5, 0, 3, 'commit')).toMatchObject({ error: kafkaError.INVALID_PRODUCER_EPOCH })
    expect(log.writeMarker(5, 1, 2, 'commit')).toMatchObject({ error: kafkaError.TRANSACTION_COORDINATOR_FENCED })
    expect(append(log, { values: ['zombie'], ...sent, sequence: 1 })).toMatchObject({
      error: kafkaError.INVALID_PRODUCER_EPOCH,
    })
  })
})
