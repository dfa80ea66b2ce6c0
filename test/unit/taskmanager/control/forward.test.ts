/** What a slot says, on its way to the JobManager: nothing that a user's code gives takes the TaskManager down. */
import { expect, test } from 'vitest'
import { fromSlot } from '../../../../taskmanager/control/forward.ts'

test('bigints of results become numbers, or texts where a number would be rounded', () => {
  const records = [{ a: 5n, b: [2n ** 53n - 1n, -(2n ** 53n) - 1n] }, 2n ** 70n, null]
  const message = fromSlot('job', { kind: 'results', attempt: 1, uid: 'out', subtask: 0, sequence: 7, records })
  const { recordsJson } = message as { recordsJson: Uint8Array }
  expect(JSON.parse(Buffer.from(recordsJson).toString())).toEqual([
    { a: 5, b: [2 ** 53 - 1, '-9007199254740993'] },
    '1180591620717411303424',
    null,
  ])
})

test('a snapshot with state that is no JSON is declined with the reason', () => {
  const snapshot = { operators: [{ node: 0, uid: 'in', runs: [], splits: [{ splitId: 's', offset: 5n }] }] }
  const ack = { kind: 'ack', attempt: 1, checkpointId: 3, vertex: 0, subtask: 1, snapshot } as const
  expect(fromSlot('job', ack as never)).toEqual({
    kind: 'decline',
    jobId: 'job',
    attempt: 1,
    checkpointId: 3,
    vertex: 0,
    subtask: 1,
    reason: 'the state of a source or a sink is no JSON: TypeError: Do not know how to serialize a BigInt',
  })
})
