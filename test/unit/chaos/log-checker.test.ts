import { describe, expect, it } from 'vitest'
import { check } from '../../chaos/log/checker.ts'
import { emptyHistory, type History, type Send } from '../../chaos/log/history.ts'

const ok = (value: number, more: Partial<Send> = {}): Send => ({
  value,
  partition: 't/0',
  producer: 'p',
  order: value,
  outcome: 'ok',
  ...more,
})
const seen = (...values: number[]) => values.map((value, offset) => ({ offset, value }))
const log = (values: readonly { offset: number; value: number }[], more: Partial<History['final'][number]> = {}) => ({
  partition: 't/0',
  compacted: false,
  committed: values,
  all: values,
  ...more,
})
const history = (parts: Partial<History>): History => ({ ...emptyHistory(), ...parts })
const kinds = (parts: Partial<History>): string[] => check(history(parts)).map(({ kind }) => kind)
const committed = (id: string, reads: number[] = []) => ({ id, outcome: 'committed' as const, reads })
const aborted = (id: string) => ({ id, outcome: 'aborted' as const, reads: [] })
const poll = (values: readonly { offset: number; value: number }[], more: Partial<History['polls'][number]> = {}) => ({
  consumer: 'c',
  epoch: 0,
  partition: 't/0',
  committedOnly: true,
  records: values,
  ...more,
})

describe('the checker of logs', () => {
  it('finds nothing in a history in which all went well', () => {
    const sends = [
      ok(1, { offset: 0 }),
      ok(2, { transaction: 'a' }),
      ok(3, { transaction: 'b' }),
      ok(4, { outcome: 'unknown' }),
    ]
    const all = seen(1, 2, 3, 4)
    const final = [log([all[0], all[1], all[3]], { all })]
    const polls = [poll([all[0], all[1]]), poll([all[3]]), poll(all, { consumer: 'd', committedOnly: false })]
    const caughtUp = [{ group: 'g', partitions: ['t/0'] }]
    const given = poll([all[0], all[1], all[3]], { group: 'g', consumer: 'e' })
    const transactions = [committed('a', [1]), aborted('b')]
    expect(check(history({ sends, final, polls: [...polls, given], transactions, caughtUp }))).toEqual([])
  })

  it('does not ask for what was never promised', () => {
    const sends = [
      ok(1, { outcome: 'unknown' }),
      ok(2, { outcome: 'failed' }),
      ok(3, { transaction: 'a' }),
      ok(4, { transaction: 'b' }),
    ]
    const transactions = [aborted('a'), { id: 'b', outcome: 'unknown' as const, reads: [] }]
    expect(kinds({ sends, transactions, final: [log([])] })).toEqual([])
  })

  it('finds a lost write', () => {
    expect(kinds({ sends: [ok(1), ok(2)], final: [log(seen(1))] })).toEqual(['lost-write'])
    const transactions = [committed('a')]
    expect(kinds({ sends: [ok(1, { transaction: 'a' })], transactions, final: [log([])] })).toEqual(['lost-write'])
  })

  it('finds a lost write in a compacted log, but not one that was replaced', () => {
    const sends = [ok(1, { key: 'k', offset: 0 }), ok(2, { key: 'k', offset: 1 }), ok(3, { key: 'l', offset: 2 })]
    const two = [{ offset: 1, value: 2 }]
    expect(kinds({ sends, final: [log([...two, { offset: 2, value: 3 }], { compacted: true })] })).toEqual([])
    expect(kinds({ sends, final: [log(two, { compacted: true })] })).toEqual(['lost-write'])
  })

  it('finds a duplicate', () => {
    expect(kinds({ sends: [ok(1)], final: [log(seen(1, 1))] })).toEqual(['duplicate'])
  })

  it('finds an input that was copied twice, or not at all', () => {
    const copy = (value: number, source: number) => ok(value, { source, partition: 'o/0' })
    const input = log(seen(1, 2))
    const output = (...values: number[]) => log(seen(...values), { partition: 'o/0' })
    const sends = [ok(1), ok(2), copy(11, 1), copy(12, 2)]
    const copies = [{ partition: 't/0', offset: 2 }]
    expect(kinds({ sends, copies, final: [input, output(11, 12)] })).toEqual([])
    const twice = [...sends, copy(13, 1)]
    expect(kinds({ sends: twice, copies, final: [input, output(11, 12, 13)] })).toEqual(['duplicate'])
    const never = [ok(1), ok(2), copy(11, 1)]
    expect(kinds({ sends: never, copies, final: [input, output(11)] })).toEqual(['lost-write'])
  })

  it('finds an aborted read (G1a)', () => {
    const sends = [ok(1, { transaction: 'a' })]
    const transactions = [aborted('a')]
    const final = [log([], { all: seen(1) })]
    expect(kinds({ sends, transactions, final, polls: [poll(seen(1))] })).toEqual(['aborted-read'])
    expect(kinds({ sends, transactions, final, polls: [poll(seen(1), { committedOnly: false })] })).toEqual([])
    expect(kinds({ sends, transactions, final: [log(seen(1))] })).toEqual(['aborted-read'])
    expect(kinds({ sends: [ok(1, { outcome: 'failed' })], final: [log(seen(1))] })).toEqual(['aborted-read'])
  })

  it('finds records in another order than they were sent', () => {
    expect(kinds({ sends: [ok(1), ok(2)], final: [log(seen(2, 1))] })).toEqual(['reordering'])
    const others = [ok(1), ok(2, { producer: 'q' })]
    expect(kinds({ sends: others, final: [log(seen(2, 1))] })).toEqual([])
  })

  it('finds a consumer that was led back, unless it began anew', () => {
    const sends = [ok(1), ok(2)]
    const all = seen(1, 2)
    const polls = [poll(all), poll(all)]
    expect(kinds({ sends, final: [log(all)], polls })).toContain('reordering')
    expect(kinds({ sends, final: [log(all)], polls: [polls[0], poll(all, { epoch: 1 })] })).toEqual([])
  })

  it('finds two values at one offset', () => {
    const sends = [ok(1), ok(2, { outcome: 'unknown' })]
    const final = [log(seen(1))]
    expect(kinds({ sends, final, polls: [poll(seen(2))] })).toEqual(['inconsistent-offset'])
    expect(
      kinds({ sends: [ok(1, { offset: 5 }), ok(2)], final: [log([...seen(1), { offset: 5, value: 2 }])] }),
    ).toEqual(['inconsistent-offset'])
  })

  it('finds a torn transaction, whatever its producer knows of it', () => {
    const sends = [ok(1, { transaction: 'a' }), ok(2, { transaction: 'a' })]
    const unknown = [{ id: 'a', outcome: 'unknown' as const, reads: [] }]
    expect(kinds({ sends, transactions: unknown, final: [log(seen(1))] })).toEqual(['torn-transaction'])
    expect(kinds({ sends, transactions: unknown, final: [log(seen(1, 2))] })).toEqual([])
    expect(kinds({ sends, transactions: unknown, final: [log([])] })).toEqual([])
  })

  it('finds transactions that read from each other (G1c), over any number of them', () => {
    const sends = [1, 2, 3].map((value) => ok(value, { transaction: `t${value}` }))
    const final = [log(seen(1, 2, 3))]
    const circle = [committed('t1', [3]), committed('t2', [1]), committed('t3', [2])]
    expect(kinds({ sends, final, transactions: circle })).toEqual(['circular-read'])
    const line = [committed('t1'), committed('t2', [1]), committed('t3', [1, 2])]
    expect(kinds({ sends, final, transactions: line })).toEqual([])
  })

  it("finds a group's offset that went backwards", () => {
    const commit = (offset: number, at: number) => ({ group: 'g', partition: 't/0', offset, at })
    expect(kinds({ offsetCommits: [commit(5, 1)], offsetReads: [commit(4, 2)] })).toEqual(['offset-backwards'])
    expect(kinds({ offsetCommits: [commit(5, 1)], offsetReads: [commit(-1, 2)] })).toEqual(['offset-backwards'])
    expect(kinds({ offsetCommits: [commit(5, 3)], offsetReads: [commit(4, 2), commit(6, 4)] })).toEqual([])
  })

  it('finds what a group that read everything was never given', () => {
    const caughtUp = [{ group: 'g', partitions: ['t/0'] }]
    const polls = [poll(seen(1), { group: 'g' }), poll(seen(1, 2), { group: 'h', consumer: 'd' })]
    expect(kinds({ sends: [ok(1), ok(2)], final: [log(seen(1, 2))], caughtUp, polls })).toEqual(['unseen'])
  })

  it('finds what a consumer was not given although it was given what stands behind', () => {
    const all = seen(1, 2, 3)
    const sends = [ok(1), ok(2), ok(3)]
    expect(kinds({ sends, final: [log(all)], polls: [poll([all[0], all[2]])] })).toEqual(['skipped'])
    expect(kinds({ sends, final: [log(all)], polls: [poll([all[0]]), poll([all[2]], { epoch: 1 })] })).toEqual([])
  })

  it('finds what nobody sent', () => {
    expect(kinds({ final: [log(seen(7))] })).toEqual(['phantom'])
  })
})
