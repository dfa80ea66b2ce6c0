import { afterEach, describe, expect, it } from 'vitest'
import { loadConfig } from '../../../core/config/index.ts'
import {
  configureFaults,
  configureFaultsFrom,
  faultAt,
  faultNames,
  faulty,
  testFaults,
  turnOnFaults,
} from '../../../core/faults.ts'

afterEach(() => turnOnFaults([]))

const configOf = (text: string) => loadConfig([testFaults], [{ name: 'test', values: { 'test.faults': text } }])

describe('faults', () => {
  it('are all off by default', () => {
    configureFaults(loadConfig([testFaults], []))
    configureFaultsFrom({})
    expect(faultNames.filter((name) => faulty(name))).toEqual([])
  })

  it('are on when test.faults names them, in a process and in a slot', () => {
    const config = configOf('drop-batch, commit-early')
    configureFaults(config)
    expect(faultNames.filter((name) => faulty(name))).toEqual(['commit-early', 'drop-batch'])
    configureFaultsFrom(config.toRecord())
    expect(faultNames.filter((name) => faulty(name))).toEqual(['commit-early', 'drop-batch'])
  })

  it('refuse a name that there is not', () => {
    expect(() => configOf('drop-everything')).toThrow(/"drop-everything" is not one of skip-barrier/)
  })

  it('strike once where they are counted', () => {
    turnOnFaults(['drop-batch'])
    expect([1, 2, 3, 4].map(() => faultAt('drop-batch', 3))).toEqual([false, false, true, false])
    expect(faultAt('skip-barrier', 1)).toBe(false)
  })
})
