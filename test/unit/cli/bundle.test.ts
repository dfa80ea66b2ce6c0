import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { setSourceMapsSupport } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bundleJob } from '../../../cli/bundle.ts'
import { userFrames } from '../../../cli/terminal.ts'

let directory: string
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-bundle-'))
})
afterEach(() => rmSync(directory, { recursive: true, force: true }))

function write(name: string, text: string): string {
  const path = join(directory, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, text)
  return path
}

describe('a bundle', () => {
  it('holds what the job imports, and leaves millrace to whoever loads it', async () => {
    write('lib/rates.ts', 'export const rate: number = 41 + 1')
    const job = write(
      'job.ts',
      "import { t } from 'millrace'\nimport { rate } from './lib/rates.ts'\nexport default [t, rate]\n",
    )
    const bundle = await bundleJob(job)
    expect(bundle.code).toMatch(/from "millrace"/)
    expect(bundle.code).toContain('41 + 1')
    expect(bundle.code).not.toContain('lib/rates.ts"\nimport')
    expect([...bundle.inputs].sort()).toEqual([job, join(directory, 'lib/rates.ts')].sort())
  })

  it('has the same id wherever its sources lie, and another when the code differs', async () => {
    const text = 'export default { answer: 42 }\n'
    const here = await bundleJob(write('a/job.ts', text))
    const there = await bundleJob(write('b/job.ts', text))
    const other = await bundleJob(write('c/job.ts', text.replace('42', '43')))
    expect(there.code).not.toBe(here.code)
    expect(there.id).toBe(here.id)
    expect(other.id).not.toBe(here.id)
  })

  it('keeps the positions of the sources', async () => {
    const job = write(
      'job.ts',
      'interface Big {\n  a: number\n}\n\nexport default (x: Big | undefined) => {\n  return x!.a\n}\n',
    )
    const bundle = await bundleJob(job)
    const path = write('out.mjs', bundle.code)
    setSourceMapsSupport(true, { nodeModules: true, generatedCode: true })
    const { default: run } = (await import(/* @vite-ignore */ pathToFileURL(path).href)) as {
      default: (x: undefined) => number
    }
    let stack: string | undefined
    try {
      run(undefined)
    } catch (error) {
      stack = (error as Error).stack
    }
    expect(userFrames(stack)[0]).toContain(`${job}:6:13`)
  })

  it('lets packages of the old kind require what Node has', async () => {
    write('node_modules/old/package.json', '{"name":"old","version":"1.0.0","main":"index.js"}')
    write(
      'node_modules/old/index.js',
      "module.exports = require('node:path').basename(require('os').EOL === '' ? '' : '/a/b')",
    )
    const bundle = await bundleJob(write('job.ts', "import old from 'old'\nexport default old\n"))
    const loaded = (await import(/* @vite-ignore */ pathToFileURL(write('out.mjs', bundle.code)).href)) as {
      default: string
    }
    expect(loaded.default).toBe('b')
  })

  it('does not come of a file that is not there, and the error names the nearest', async () => {
    write('fraud.ts', '')
    await expect(bundleJob(join(directory, 'fruad.ts'))).rejects.toMatchObject({
      code: 'CLI_NO_SUCH_FILE',
      hint: expect.stringMatching(/^Did you mean .*fraud\.ts\?$/),
    })
    await expect(bundleJob(directory)).rejects.toMatchObject({
      code: 'CLI_BAD_ARGUMENT',
      message: expect.stringContaining('is a directory'),
    })
  })

  it('does not come of what does not compile, and the error shows the place', async () => {
    await expect(bundleJob(write('job.ts', 'const a = 1\nexport default a +* 2\n'))).rejects.toMatchObject({
      code: 'CLI_DOES_NOT_COMPILE',
      message: expect.stringMatching(/job\.ts:2:19: Unexpected "\*"\n {4}export default a \+\* 2\n {22}\^/),
    })
    await expect(bundleJob(write('job.ts', "import './gone.ts'\n"))).rejects.toMatchObject({
      message: expect.stringContaining('Could not resolve "./gone.ts"'),
    })
  })

  it('cannot hold a native addon', async () => {
    write('addon.node', '\u007fELF')
    await expect(bundleJob(write('job.ts', "import x from './addon.node'\nexport default x\n"))).rejects.toMatchObject({
      code: 'CLI_NATIVE_ADDON',
      message: expect.stringContaining('addon.node'),
    })
  })
})
