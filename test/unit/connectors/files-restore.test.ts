import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { source, t } from '../../../millrace.ts'
import { SourceHarness } from '../../support/source-harness.ts'

const Line = t.object({ i: t.float64(), text: t.string() })
type Line = { i: number; text: string }

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'millrace-restore-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const written = {
  json: (lines: readonly Line[]) => JSON.stringify(lines, undefined, 1),
  csv: (lines: readonly Line[]) => `i,text\n${lines.map(({ i, text }) => `${i},"${text}"\n`).join('')}`,
} as const

describe.each(['json', 'csv'] as const)('source.files, %s, restored', (format) => {
  it('loses and repeats nothing at any place and parallelism', async () => {
    const lines = Array.from({ length: 300 }, (_, i) => ({ i, text: `é,\n${'x'.repeat(i % 50)}` }))
    for (const f of [0, 1, 2])
      writeFileSync(join(dir, `${f}.${format}`), written[format](lines.filter(({ i }) => i % 3 === f)))
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 }), async (steps) => {
        const files = source.files({ path: join(dir, `*.${format}`), format, type: Line })
        const harness = await new SourceHarness(files, 11).start(2)
        for (const turns of steps) {
          harness.run(turns)
          await harness.start(1 + (turns % 3), harness.snapshot())
        }
        harness.run()
        harness.close()
        expect((harness.records as Line[]).sort((a, b) => a.i - b.i)).toEqual(lines)
      }),
      { numRuns: 15 },
    )
  })
})
