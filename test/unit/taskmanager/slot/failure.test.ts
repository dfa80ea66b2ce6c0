import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { errors as checkpointErrors } from '../../../../proto/checkpoint/errors.ts'
import type { RestoreAssignment } from '../../../../proto/checkpoint/restore-plan.ts'
import type { OperatorPlan } from '../../../../proto/jobgraph/plan.ts'
import { OperatorFailure } from '../../../../taskmanager/operators/operator-failure.ts'
import { failureCause, restoreIsHopeless } from '../../../../taskmanager/slot/failure.ts'
import { stateErrors } from '../../../../taskmanager/state/errors.ts'
import { restoredRuns } from '../../../support/restored.ts'

const restoreFrom = (rewrite: boolean): Record<string, RestoreAssignment> => ({
  '0/0': {
    checkpointId: 1,
    operators: [{ ...restoredRuns('file:///x', []), rewrite }],
  },
})

describe('what is told of a failure', () => {
  const operator = { node: 3, uid: 'm', name: 'map' } as OperatorPlan
  const withStack = (...frames: string[]): Error =>
    Object.assign(new Error('bad'), { stack: ['Error: bad', ...frames].join('\n') })
  const engine = `    at run (${fileURLToPath(new URL('../../../../taskmanager/task/task.ts', import.meta.url))}:1:2)`
  const user = '    at parse (/home/someone/core/parse.ts:7:8)'
  const framesOf = (error: Error, madeAt: (node: number) => string | undefined) =>
    failureCause(new OperatorFailure(operator, error), undefined, madeAt).stack?.split('\n').slice(1)

  test('begins with the lines of the user', () => {
    expect(framesOf(withStack(engine, user), () => '/home/someone/job.ts:5:6')).toEqual([user, engine])
  })

  test('begins with the line that made the operator when the stack has none of the user', () => {
    const made = (node: number): string => `/home/someone/job.ts:5:${node}`
    expect(framesOf(withStack(engine), made)).toEqual(['    at map (/home/someone/job.ts:5:3)', engine])
    expect(framesOf(withStack(engine), () => undefined)).toEqual([engine])
  })
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
