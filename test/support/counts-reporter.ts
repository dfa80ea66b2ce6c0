/**
 * Ends a test run with one line that machines read: `12 passed, 0 failed, 0 skipped`. A file that does not load counts
 * as one failed test, and so does an error outside of any test.
 */
import type { Reporter, TestModule } from 'vitest/node'

export interface Counts {
  passed: number
  failed: number
  skipped: number
}

/** The counts of a run. Pure. */
export function countTests(modules: readonly TestModule[], errorsOutside: number): Counts {
  const counts: Counts = { passed: 0, failed: errorsOutside, skipped: 0 }
  for (const module of modules) {
    let failedHere = 0
    for (const test of module.children.allTests()) {
      const { state } = test.result()
      if (state === 'passed') counts.passed++
      else if (state === 'failed') failedHere++
      else counts.skipped++
    }
    if (failedHere === 0 && module.state() === 'failed') failedHere = 1
    counts.failed += failedHere
  }
  return counts
}

export class CountsReporter implements Reporter {
  #counts: Counts | undefined

  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    this.#counts = countTests(modules, errors.length)
    // The default reporter writes its summary in the same turn: stand below it.
    process.once('exit', () => {
      if (this.#counts === undefined) return
      const { passed, failed, skipped } = this.#counts
      process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped} skipped\n`)
    })
  }
}
