/** Tests: every *.test.ts below test/. Two workers, so that a small machine stays usable. */
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { CountsReporter } from './test/support/counts-reporter.ts'
import { nightly } from './test/support/nightly.ts'
import { LongFirst } from './test/support/sequencer.ts'
import { conditionLimitMs } from './test/support/until.ts'

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

export default defineConfig({
  resolve: {
    alias: [{ find: /^millrace$/, replacement: here('./millrace.ts') }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/quiet.ts'],
    pool: 'forks',
    maxWorkers: 2,
    sequence: { sequencer: LongFirst },
    // Generous: a limit is there to end what hangs, and machines are shared. Tests have none of their own, and wait for conditions.
    testTimeout: 300_000 * nightly,
    hookTimeout: 300_000,
    expect: { poll: { timeout: conditionLimitMs } },
    execArgv: ['--conditions=source'],
    reporters: ['default', new CountsReporter()],
  },
})
