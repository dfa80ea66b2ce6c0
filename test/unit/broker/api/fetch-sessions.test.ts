import { expect, it } from 'vitest'
import { FetchSessions } from '../../../../broker/api/fetch-sessions.ts'
import { seededRandom } from '../../../../core/platform/random.ts'
import type { RequestOf } from '../../../../proto/kafka/apis.ts'
import { kafkaError } from '../../../../proto/kafka/error-codes.ts'
import { fetchOf } from '../../../support/wire-client.ts'

const minuteMs = 60_000
const partitions = (count: number, from = 0) =>
  Array.from({ length: count }, (_, index) => ({ topic: 'made up', partition: from + index, offset: 0 }))

const begin = (count: number): RequestOf<'Fetch'> => fetchOf(partitions(count), { sessionId: 0, sessionEpoch: 0 })

it('sessions remember no more partitions than so many together, and room is made by those that are idle', () => {
  const sessions = new FetchSessions(1000, seededRandom(1))
  const open = (count: number, nowMs: number): number | undefined => {
    const scope = sessions.scope(begin(count), 11, nowMs)
    expect(scope.kind).toBe('full')
    return scope.kind === 'full' ? scope.session?.id : undefined
  }
  const ids = Array.from({ length: 30 }, () => open(20_000, 0))
  expect(ids.filter((id) => id !== undefined)).toHaveLength(10)
  expect(sessions.targetCount).toBe(200_000)
  expect(open(1, minuteMs)).toBeUndefined()
  expect(open(300_000, 3 * minuteMs)).toBeUndefined()
  expect(open(150_000, 3 * minuteMs)).toBeDefined()
  expect(sessions.targetCount).toBeLessThanOrEqual(200_000)
})

it('a session that grows beyond that is forgotten, and its client begins again', () => {
  const sessions = new FetchSessions(1000, seededRandom(1))
  const scope = sessions.scope(begin(100_000), 11, 0)
  const id = scope.kind === 'full' ? (scope.session?.id ?? 0) : 0
  const more = (count: number, from: number, sessionEpoch: number) =>
    sessions.scope(fetchOf(partitions(count, from), { sessionId: id, sessionEpoch }), 11, 0)
  expect(more(50_000, 80_000, 1).kind).toBe('incremental')
  expect(sessions.targetCount).toBe(130_000)
  expect(more(100_000, 130_000, 2)).toEqual({ kind: 'refused', error: kafkaError.FETCH_SESSION_ID_NOT_FOUND })
  expect([sessions.count, sessions.targetCount]).toEqual([0, 0])
  expect(more(1, 0, 3)).toEqual({ kind: 'refused', error: kafkaError.FETCH_SESSION_ID_NOT_FOUND })
})
