/** The first step of every npm script, and the entry of the command line, as a shell runs them. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
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

  it.runIf(process.platform === 'linux')(
    'begins what runs for long again with the settings of malloc, and nothing else',
    () => {
      const directory = mkdtempSync(join(tmpdir(), 'millrace-malloc-'))
      const told = join(directory, 'told')
      const hook = join(directory, 'hook.cjs')
      writeFileSync(
        hook,
        `if (require('node:worker_threads').isMainThread) require('node:fs').appendFileSync(${JSON.stringify(told)},
        process.pid + ' ' + process.env.MALLOC_ARENA_MAX + ' ' + process.env.MALLOC_MMAP_THRESHOLD_ + '\\n')`,
      )
      const settings = (command: string, given: Record<string, string>): string[] => {
        writeFileSync(told, '')
        const env: NodeJS.ProcessEnv = { ...process.env, NODE_OPTIONS: `--require ${hook}` }
        for (const name of Object.keys(env)) if (name.startsWith('MALLOC_')) delete env[name]
        const run = spawnSync(process.execPath, ['bin/millrace.cjs', command, '--help'], {
          cwd: root,
          encoding: 'utf8',
          env: { ...env, ...given },
        })
        expect([run.status, run.stderr]).toEqual([0, ''])
        expect(run.stdout).toContain('Usage')
        const lines = readFileSync(told, 'utf8').trim().split('\n')
        expect(new Set(lines.map((line) => line.split(' ')[0])).size).toBe(1)
        return lines.map((line) => line.slice(line.indexOf(' ') + 1))
      }
      expect(settings('start', {})).toEqual(['undefined undefined', '2 1048576'])
      expect(settings('dev', { MALLOC_ARENA_MAX: '1' })).toEqual(['1 undefined', '1 1048576'])
      expect(settings('list', {})).toEqual(['undefined undefined'])
      rmSync(directory, { recursive: true })
    },
  )

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
