/**
 * Judges a history of a log, after Jepsen's workload for Kafka: every anomaly that a log with idempotent producers, transactions and
 * groups must not show. Pure: a history in, violations out.
 *
 * Interleaved transactions (Adya's G0) are no anomaly: a log lets two of them write to the same partitions in turn.
 */
import { cycles } from './cycles.ts'
import type { FinalLog, History, Seen, Send } from './history.ts'

export type ViolationKind =
  /** Acknowledged, and not there. */
  | 'lost-write'
  /** There twice. */
  | 'duplicate'
  /** G1a: a reader of committed records was given one that was aborted or refused. */
  | 'aborted-read'
  /** Later before earlier: in the log, or to one consumer. */
  | 'reordering'
  /** Two values at one offset. */
  | 'inconsistent-offset'
  /** A part of a transaction is there and another is not. */
  | 'torn-transaction'
  /** G1c: transactions that read from each other. */
  | 'circular-read'
  /** A group's offset is lower than one that was acknowledged. */
  | 'offset-backwards'
  /** A group that has read everything was never given it. */
  | 'unseen'
  /** A consumer was given what stands behind it, and not this. */
  | 'skipped'
  /** Nobody sent it. */
  | 'phantom'
  /** Something does not come to its end although nobody is killed any more. Found by the run, not from a history. */
  | 'stuck'

export interface Violation {
  readonly kind: ViolationKind
  readonly detail: string
}

export function check(history: History): Violation[] {
  const facts = gather(history)
  return [
    ...lostWrites(history, facts),
    ...duplicates(history, facts),
    ...abortedReads(history, facts),
    ...reorderings(history, facts),
    ...inconsistentOffsets(history),
    ...tornTransactions(history, facts),
    ...circularReads(history, facts),
    ...offsetsBackwards(history),
    ...unseen(history, facts),
    ...skipped(history, facts),
    ...phantoms(history, facts),
  ]
}

interface Facts {
  readonly sends: ReadonlyMap<number, Send>
  readonly outcomes: ReadonlyMap<string, 'committed' | 'aborted' | 'unknown'>
  readonly logs: ReadonlyMap<string, FinalLog>
  /** Value to offset, of what is committed at the end. */
  readonly committed: ReadonlyMap<number, number>
}

function gather(history: History): Facts {
  const committed = new Map<number, number>()
  for (const log of history.final) for (const { value, offset } of log.committed) committed.set(value, offset)
  return {
    sends: new Map(history.sends.map((send) => [send.value, send])),
    outcomes: new Map(history.transactions.map(({ id, outcome }) => [id, outcome])),
    logs: new Map(history.final.map((log) => [log.partition, log])),
    committed,
  }
}

/** Whether it must be there at the end. */
function isPromised(send: Send, { outcomes }: Facts): boolean {
  if (send.outcome !== 'ok') return false
  return send.transaction === undefined || outcomes.get(send.transaction) === 'committed'
}

/** Whether it must never be seen by readers of committed records. */
function isForbidden(send: Send, { outcomes }: Facts): boolean {
  if (send.outcome === 'failed') return true
  return send.transaction !== undefined && outcomes.get(send.transaction) === 'aborted'
}

/** Compaction has put something later in its place. */
function isReplaced(send: Send, facts: Facts): boolean {
  const log = facts.logs.get(send.partition)
  if (log?.compacted !== true) return false
  return log.committed.some(({ value, offset }) => {
    const other = facts.sends.get(value)
    if (other === undefined || other.key !== send.key) return false
    return send.offset === undefined ? other.order > send.order : offset > send.offset
  })
}

function lostWrites(history: History, facts: Facts): Violation[] {
  return history.sends
    .filter((send) => isPromised(send, facts) && !facts.committed.has(send.value) && !isReplaced(send, facts))
    .map((send) => violation('lost-write', `${describe(send)} was acknowledged and is not there`))
}

function duplicates(history: History, facts: Facts): Violation[] {
  const found: Violation[] = []
  const places = new Map<number, string>()
  for (const log of history.final) {
    for (const { value, offset } of log.all) {
      const place = `${log.partition}@${offset}`
      const other = places.get(value)
      if (other !== undefined) found.push(violation('duplicate', `${value} stands at ${other} and at ${place}`))
      places.set(value, place)
    }
  }
  const copies = new Map<number, number>()
  for (const value of facts.committed.keys()) {
    const source = facts.sends.get(value)?.source
    if (source === undefined) continue
    const other = copies.get(source)
    if (other !== undefined) found.push(violation('duplicate', `${other} and ${value} are both copies of ${source}`))
    copies.set(source, value)
  }
  for (const { partition, offset } of history.copies) {
    for (const seen of facts.logs.get(partition)?.committed ?? []) {
      if (seen.offset >= offset || copies.has(seen.value)) continue
      found.push(violation('lost-write', `${seen.value} at ${partition}@${seen.offset} was passed over by its copier`))
    }
  }
  return found
}

function abortedReads(history: History, facts: Facts): Violation[] {
  const found: Violation[] = []
  const look = (who: string, partition: string, records: readonly Seen[]): void => {
    for (const { value, offset } of records) {
      const send = facts.sends.get(value)
      if (send === undefined || !isForbidden(send, facts)) continue
      found.push(violation('aborted-read', `${who} was given ${describe(send)} at ${partition}@${offset}`))
    }
  }
  for (const poll of history.polls) if (poll.committedOnly) look(poll.consumer, poll.partition, poll.records)
  for (const log of history.final) look('the last reader', log.partition, log.committed)
  return found
}

function reorderings(history: History, facts: Facts): Violation[] {
  const found: Violation[] = []
  const lanes = Object.groupBy(history.sends, (send) => `${send.producer} ${send.partition}`)
  for (const lane of Object.values(lanes)) {
    const there = (lane ?? [])
      .filter((send) => send.outcome === 'ok' && facts.committed.has(send.value))
      .sort((a, b) => a.order - b.order)
    for (let i = 1; i < there.length; i++) {
      const [before, after] = [there[i - 1] as Send, there[i] as Send]
      if ((facts.committed.get(before.value) as number) < (facts.committed.get(after.value) as number)) continue
      found.push(violation('reordering', `${describe(after)} stands before ${describe(before)}`))
    }
  }
  for (const { consumer, partition, records } of streams(history)) {
    for (let i = 1; i < records.length; i++) {
      const [before, after] = [records[i - 1] as Seen, records[i] as Seen]
      if (after.offset > before.offset) continue
      const detail = `${consumer} was given ${partition}@${after.offset} after ${before.offset}`
      found.push(violation('reordering', detail))
    }
  }
  return found
}

function inconsistentOffsets(history: History): Violation[] {
  const found: Violation[] = []
  const values = new Map<string, { value: number; who: string }>()
  const note = (who: string, partition: string, { offset, value }: Seen): void => {
    const place = `${partition}@${offset}`
    const known = values.get(place)
    if (known === undefined) values.set(place, { value, who })
    else if (known.value !== value) {
      const detail = `${place} is ${known.value} for ${known.who} and ${value} for ${who}`
      found.push(violation('inconsistent-offset', detail))
    }
  }
  for (const log of history.final) for (const seen of log.all) note('the last reader', log.partition, seen)
  for (const poll of history.polls) for (const seen of poll.records) note(poll.consumer, poll.partition, seen)
  for (const { partition, value, offset, producer, outcome } of history.sends) {
    if (outcome === 'ok' && offset !== undefined) note(producer, partition, { offset, value })
  }
  return found
}

function tornTransactions(history: History, facts: Facts): Violation[] {
  const byTransaction = Object.groupBy(history.sends, (send) => send.transaction ?? '')
  const found: Violation[] = []
  for (const { id, outcome } of history.transactions) {
    const sends = (byTransaction[id] ?? []).filter(
      (send) => send.outcome === 'ok' && facts.logs.get(send.partition)?.compacted !== true,
    )
    const missing = sends.filter((send) => !facts.committed.has(send.value))
    if (missing.length === 0 || missing.length === sends.length) continue
    const lacks = missing.map(({ value }) => value).join(', ')
    found.push(violation('torn-transaction', `${id} (${outcome}) is there without ${lacks} (of ${sends.length})`))
  }
  return found
}

function circularReads(history: History, facts: Facts): Violation[] {
  const edges = new Map<string, Set<string>>()
  for (const { id, outcome, reads } of history.transactions) {
    if (outcome !== 'committed') continue
    for (const value of reads) {
      const writer = facts.sends.get(value)?.transaction
      if (writer === undefined || writer === id || facts.outcomes.get(writer) !== 'committed') continue
      const readers = edges.get(writer) ?? new Set()
      edges.set(writer, readers.add(id))
    }
  }
  return cycles(edges).map((ids) => violation('circular-read', `each of ${ids.join(', ')} read from another`))
}

function offsetsBackwards(history: History): Violation[] {
  const found: Violation[] = []
  const commits = Object.groupBy(history.offsetCommits, ({ group, partition }) => `${group} ${partition}`)
  for (const read of history.offsetReads) {
    let newest = -1
    for (const { at, offset } of commits[`${read.group} ${read.partition}`] ?? []) {
      if (at < read.at) newest = Math.max(newest, offset)
    }
    if (read.offset >= newest) continue
    const detail = `${read.group} has ${read.offset} in ${read.partition} after ${newest} was acknowledged`
    found.push(violation('offset-backwards', detail))
  }
  return found
}

function unseen(history: History, facts: Facts): Violation[] {
  const found: Violation[] = []
  for (const { group, partitions } of history.caughtUp) {
    const given = new Set<number>()
    for (const poll of history.polls) {
      if (poll.group === group) for (const { value } of poll.records) given.add(value)
    }
    for (const partition of partitions) {
      const log = facts.logs.get(partition)
      if (log === undefined || log.compacted) continue
      for (const { value, offset } of log.committed) {
        if (!given.has(value))
          found.push(violation('unseen', `${group} was never given ${value}, ${partition}@${offset}`))
      }
    }
  }
  return found
}

function skipped(history: History, facts: Facts): Violation[] {
  const found: Violation[] = []
  for (const { consumer, partition, records } of streams(history)) {
    const log = facts.logs.get(partition)
    const first = records[0]
    const last = records[records.length - 1]
    if (log === undefined || log.compacted || first === undefined || last === undefined) continue
    const given = new Set(records.map(({ offset }) => offset))
    for (const { offset, value } of log.committed) {
      if (offset <= first.offset || offset >= last.offset || given.has(offset)) continue
      found.push(violation('skipped', `${consumer} was not given ${value} at ${partition}@${offset}`))
    }
  }
  return found
}

function phantoms(history: History, facts: Facts): Violation[] {
  const found: Violation[] = []
  for (const log of history.final) {
    for (const { value, offset } of log.all) {
      if (!facts.sends.has(value))
        found.push(violation('phantom', `${value} at ${log.partition}@${offset} was never sent`))
    }
  }
  return found
}

/** What each consumer was given of a partition without beginning anew. */
function streams(history: History): { consumer: string; partition: string; records: Seen[] }[] {
  const byStream = Map.groupBy(history.polls, (poll) => `${poll.consumer} ${poll.epoch} ${poll.partition}`)
  return [...byStream.values()].map((polls) => {
    const { consumer, partition } = polls[0] as (typeof polls)[number]
    return { consumer, partition, records: polls.flatMap(({ records }) => records) }
  })
}

function violation(kind: ViolationKind, detail: string): Violation {
  return { kind, detail }
}

function describe({ value, producer, partition, transaction }: Send): string {
  return `${value} of ${producer} in ${partition}${transaction === undefined ? '' : ` (${transaction})`}`
}
