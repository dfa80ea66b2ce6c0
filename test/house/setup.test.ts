/** The first step of every npm script, and the entry of the command line, as a shell runs them. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = fileURLToPath(new URL('../..', import.meta.url))
const node = (...args: string[]) => spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })

describe('setup', () => {
  it('says and does nothing when everything is ready', () => {
    expect(node('scripts/setup.cjs').status).toBe(0)
    const again = node('scripts/setup.cjs')
    expect([again.status, again.stdout, again.stderr]).toEqual([0, '', ''])
  })

  it('runs the file that it is given on Node 24, with its arguments, and ends as it ends', () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-setup-'))
    const script = join(directory, 'show.cjs')
    writeFileSync(script, "console.log(process.version.split('.')[0], process.argv.slice(2).join()); process.exit(7)")
    const run = node('scripts/setup.cjs', relative(root, script), '-p', '2')
    expect([run.status, run.stdout.trim()]).toEqual([7, `${process.version.split('.')[0]} -p,2`])
    rmSync(directory, { recursive: true })
  })

  it('says which file is missing', () => {
    const run = node('scripts/setup.cjs', 'bench/none.ts')
    expect([run.status, run.stderr.trim()]).toEqual([1, 'millrace: there is no bench/none.ts here'])
  })
})

describe('the entry of the command line', () => {
  it('runs from the sources', () => {
    const run = node('bin/millrace.cjs', '--version')
    expect(run.stdout.trim()).toMatch(/^\d+\.\d+\.\d+$/)
    expect(node('bin/millrace.cjs', 'lits').status).toBe(2)
  })

  it('leads an old Node to the one that npm brought', () => {
    const { findNode } = createRequire(import.meta.url)('../../bin/find-node.cjs') as {
      findNode(root: string, version?: string): { path: string; own: boolean } | undefined
    }
    expect(findNode(root)).toEqual({ path: process.execPath, own: true })
    if (process.platform === 'linux') {
      expect(findNode(root, 'v20.1.0')).toMatchObject({
        own: false,
        path: expect.stringContaining('node_modules/node-linux-'),
      })
    }
    expect(findNode(join(root, 'core/nowhere'), 'v20.1.0')).toBeUndefined()
  })
})
