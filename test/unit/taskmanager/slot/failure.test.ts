import { describe, expect, test } from 'vitest'
import { errors as checkpointErrors } from '../../../../proto/checkpoint/errors.ts'
import type { RestoreAssignment } from '../../../../proto/checkpoint/restore-plan.ts'
import { restoreIsHopeless } from '../../../../taskmanager/slot/failure.ts'
import { stateErrors } from '../../../../taskmanager/state/errors.ts'
import { OperatorFailure } from '../../../../taskmanager/task/poison.ts'

const restoreFrom = (rewrite: boolean): Record<string, RestoreAssignment> => ({
  '0/0': {
    checkpointId: 1,
    operators: [
      {
        node: 1,
        uid: 'count',
        root: 'file:///x',
        runs: [],
        rewrite,
        states: [],
        splits: [],
        operatorState: [],
        ownOperatorState: [],
        committables: [],
      },
    ],
  },
})

describe('a restore that failed', () => {
  const migration = stateErrors.create('MIGRATION_FAILED', { state: 'n', uid: 'count', key: '"k"', reason: 'no' })
  const damaged = checkpointErrors.create('ALTERED', { where: 'a.run', reason: 'checksum' })
  const full = stateErrors.create('ROCKSDB_FAILED', { directory: '/x', reason: 'no space' })

  test('is hopeless when the code of the user is to blame, whatever the snapshot', () => {
    expect(restoreIsHopeless(migration, restoreFrom(true))).toBe(true)
    expect(restoreIsHopeless(migration, restoreFrom(false))).toBe(true)
  })

  test('is hopeless when the snapshot that the job was given is damaged; a checkpoint of its own is tried again', () => {
    expect(restoreIsHopeless(damaged, restoreFrom(true))).toBe(true)
    expect(restoreIsHopeless(damaged, restoreFrom(false))).toBe(false)
  })

  test('is found in the operator that it happened in', () => {
    const at = { name: 'count', uid: 'count' } as ConstructorParameters<typeof OperatorFailure>[0]
    expect(restoreIsHopeless(new OperatorFailure(at, migration), restoreFrom(true))).toBe(true)
  })

  test('may succeed when the machine was to blame, or something else than the restore', () => {
    expect(restoreIsHopeless(full, restoreFrom(true))).toBe(false)
    expect(restoreIsHopeless(new Error('the port is taken'), restoreFrom(true))).toBe(false)
  })
})
