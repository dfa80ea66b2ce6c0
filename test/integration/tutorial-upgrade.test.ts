/** The tutorial of upgrades, as it stands: every command is run, in order, and prints what the page says. */
import { cpSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { TutorialRun, tutorialCommands } from '../support/tutorial.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const directory = mkdtempSync(join(tmpdir(), 'millrace-tutorial-'))
const tutorial = new TutorialRun(directory)
const commands = tutorialCommands('upgrade.md')

beforeAll(async () => {
  cpSync(join(root, 'examples/upgrade'), join(directory, 'examples/upgrade'), { recursive: true })
  await tutorial.exchange('16123')
})
afterAll(async () => {
  await tutorial.close()
  rmSync(directory, { recursive: true, force: true })
})

describe('the tutorial of upgrades', () => {
  it('has commands, and shows code that is in the example', () => {
    expect(commands.length).toBeGreaterThan(15)
    const page = readFileSync(join(root, 'docs/tutorials/upgrade.md'), 'utf8')
    const version = readFileSync(join(root, 'examples/upgrade/v2.ts'), 'utf8').replaceAll(/\s+/g, ' ')
    for (const [, code = ''] of page.matchAll(/^```ts\n([\s\S]*?)^```$/gm))
      expect(version).toContain(code.trim().replaceAll(/\s+/g, ' '))
  })

  for (const each of commands) {
    it(each.command, async () => {
      const result = await tutorial.run(each)
      if (result !== undefined) expect(result.text).toMatch(result.wanted)
    }, 60_000)
  }
})
