/** The tutorial of upgrades, as it stands: every command is run, in order, and prints what the page says. */
import { cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { testTutorial, tutorialPage } from '../support/tutorial.ts'

const example = fileURLToPath(new URL('../../examples/upgrade', import.meta.url))

it('shows code that is in the example', () => {
  const version = readFileSync(join(example, 'v2.ts'), 'utf8').replaceAll(/\s+/g, ' ')
  for (const [, code = ''] of tutorialPage('upgrade.md').matchAll(/^```ts\n([\s\S]*?)^```$/gm))
    expect(version).toContain(code.trim().replaceAll(/\s+/g, ' '))
})

testTutorial('upgrade.md', {
  ports: ['16123'],
  prepare: (directory) => cpSync(example, join(directory, 'examples/upgrade'), { recursive: true }),
})
