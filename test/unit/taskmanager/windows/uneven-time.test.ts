/**
 * A barrier that overtakes meets subtasks at different times: some have fired windows that others have not. Each goes on where
 * it stood.
 */
import { afterEach, describe, expect, it } from 'vitest'
import { count, window } from '../../../../sdk/index.ts'
import { OperatorHarness } from '../../../support/operator-harness.ts'
import type { Hit } from './support.ts'

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})

const users = Array.from({ length: 64 }, (_, i) => i)
const hits = (at: number): object[] => users.map((user) => ({ user, page: 'p', weight: 1, at }))

async function started(rocksdb: boolean, assigner: Parameters<typeof windowed>[0]): Promise<OperatorHarness> {
  harness = OperatorHarness.of<Hit>((s) => windowed(assigner)(s as never) as never, { rocksdb })
  return harness.start(4)
}
const windowed =
  (assigner: ReturnType<typeof window.tumbling>) =>
  (s: { keyBy(field: 'user'): { window(w: unknown): { aggregate(a: object, o: object): unknown } } }): unknown =>
    s.keyBy('user').window(assigner).aggregate({ count: count() }, { uid: 'w' })

const firedOf = (h: OperatorHarness): string[] =>
  h.output.records
    .map((record) => record as { user: number; windowStart: number; count: number })
    .map(({ user, windowStart, count: n }) => `${String(user).padStart(2)}@${new Date(windowStart).getTime()}: ${n}`)
    .sort()

describe.each([false, true])('subtasks whose time differs at a checkpoint (RocksDB: %s)', (rocksdb) => {
  it.each([4, 2, 7])('lose no window and fire none twice, at a parallelism of %i', async (parallelism) => {
    const h = await started(rocksdb, window.tumbling('10ms'))
    for (const at of [1, 12]) h.rows(hits(at), { timestamps: users.map(() => at) })
    for (const subtask of [0, 2]) h.subtasks[subtask]?.operator.processWatermark(10)
    expect(firedOf(h).length).toBeGreaterThan(0)
    expect(firedOf(h).length).toBeLessThan(users.length)
    await h.restart(parallelism)
    for (const { operator } of h.subtasks) operator.processWatermark(25)
    expect(firedOf(h)).toEqual(
      users.flatMap((user) => [0, 10].map((at) => `${String(user).padStart(2)}@${at}: 1`)).sort(),
    )
  })

  it('fire no sliding window twice where keys stay', async () => {
    const h = await started(rocksdb, window.sliding('10ms', '5ms') as never)
    h.rows(hits(7), { timestamps: users.map(() => 7) })
    for (const subtask of [0, 2]) h.subtasks[subtask]?.operator.processWatermark(10)
    await h.restart(4)
    for (const { operator } of h.subtasks) operator.processWatermark(25)
    expect(firedOf(h)).toEqual(
      users.flatMap((user) => [0, 5].map((at) => `${String(user).padStart(2)}@${at}: 1`)).sort(),
    )
  })
})
