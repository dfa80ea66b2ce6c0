/** How patient a snapshot is follows from how often checkpoints are taken and when they are given up. */
import { expect, test } from 'vitest'
import { checkpointIntervalMs, snapshotPatienceMs } from '../../../../taskmanager/operators/checkpoint-times.ts'

const interval = 'execution.checkpointing.interval'
const timeout = 'execution.checkpointing.timeout'

test('a snapshot is patient for three times the time between checkpoints, but for 30 s at most', () => {
  expect(snapshotPatienceMs({ [interval]: '4s' })).toBe(12_000)
  expect(snapshotPatienceMs({ [interval]: '10s' })).toBe(30_000)
  expect(snapshotPatienceMs({ [interval]: '200ms' })).toBe(600)
  expect(snapshotPatienceMs({ [interval]: '1h' })).toBe(30_000)
  expect(snapshotPatienceMs({})).toBe(30_000)
})

test('and for a tenth of the time after which a checkpoint is given up', () => {
  expect(snapshotPatienceMs({ [interval]: '1min', [timeout]: '1min' })).toBe(6000)
  expect(snapshotPatienceMs({ [interval]: '2s', [timeout]: '10min' })).toBe(6000)
})

test('a job that takes no checkpoints by itself has no interval', () => {
  expect(checkpointIntervalMs({})).toBeUndefined()
})
