import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../../../../core/errors.ts'
import { checkJobOptions, slotDefaults, slotJobOptions } from '../../../../proto/jobgraph/options.ts'

const codeOf = (values: Record<string, string>): string | undefined => {
  try {
    checkJobOptions(slotJobOptions, [], values)
    return undefined
  } catch (error) {
    return isMillraceError(error) ? error.code : String(error)
  }
}

describe('options of a job', () => {
  it('pass when they are ours and right, or the own ones of the job', () => {
    expect(
      codeOf({ 'execution.buffer-timeout': '1ms', 'state.backend.type': 'rocksdb', 'demo.rate': 'fast' }),
    ).toBeUndefined()
  })

  it('are refused when they are ours and wrong', () => {
    expect(codeOf({ 'execution.bufer-timeout': '1ms' })).toBe('CONFIG_UNKNOWN_KEY')
    expect(codeOf({ 'state.backend.type': 'redis' })).toBe('CONFIG_BAD_VALUE')
    expect(codeOf({ 'state.backend.rocksdb.memory': '1mb' })).toBe('CONFIG_BAD_VALUE')
    expect(codeOf({ 'state.backend.rocksdb.memroy': '64mb' })).toBe('CONFIG_UNKNOWN_KEY')
    expect(codeOf({ 'taskmanager.numberOfTaskSlots': '3' })).toBe('CONFIG_NOT_FOR_JOBS')
  })

  it('take what slots read from the configuration of the cluster, and nothing else of it', () => {
    expect(slotDefaults({ 'execution.buffer-timeout': '9ms', 'jobmanager.data-dir': '/x' })).toEqual({
      'execution.buffer-timeout': '9ms',
    })
  })
})
