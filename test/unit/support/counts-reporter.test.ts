import { describe, expect, it } from 'vitest'
import type { TestModule } from 'vitest/node'
import { countTests } from '../../support/counts-reporter.ts'

function module(state: string, ...tests: string[]): TestModule {
  const children = { allTests: () => tests.map((each) => ({ result: () => ({ state: each }) })) }
  return { state: () => state, children } as unknown as TestModule
}

describe('the counts of a test run', () => {
  it('add up over files', () => {
    expect(countTests([module('passed', 'passed', 'skipped'), module('failed', 'failed', 'passed')], 0)).toEqual({
      passed: 2,
      failed: 1,
      skipped: 1,
    })
  })

  it('show a file that does not load, and errors outside of tests, as failures', () => {
    expect(countTests([module('failed')], 2)).toEqual({ passed: 0, failed: 3, skipped: 0 })
  })
})
