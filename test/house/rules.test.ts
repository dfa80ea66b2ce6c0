/** Each rule of the house bites on what it forbids, and lets through what it allows. */
import { describe, expect, it } from 'vitest'
import {
  check,
  decisionsArePure,
  exportsByName,
  innerRoomsKnowNoNetwork,
  isShort,
  leansOnLowerFloors,
  lineLimit,
  namesNoMachine,
  opensWithComment,
  outsideComesThroughPlatform,
  postponesNothing,
  processBelongsToMain,
  type Rule,
  taskManagerLeansDownward,
} from './rules.ts'
import { namedModules, readSource } from './source-text.ts'

const found = (rule: Rule, path: string, text: string): number => check(rule, { path, text }).length

describe('floors', () => {
  it.each([
    ['core/a.ts', "import { b } from '../proto/b.ts'"],
    ['proto/a.ts', "export * from '../sdk/b.ts'"],
    ['sdk/a.ts', "import type { B } from '../taskmanager/b.ts'"],
    ['jobmanager/a.ts', "import '../sdk/b.ts'"],
    ['jobmanager/scheduler/a.ts', "const b = await import('../../taskmanager/b.ts')"],
    ['broker/a.ts', "import { b } from '../sdk/b.ts'"],
    ['taskmanager/a.ts', "import {\n  b,\n  c,\n} from '../connectors/b.ts'"],
    ['connectors/kafka/a.ts', "import { b } from '../../taskmanager/b.ts'"],
    ['taskmanager/a.ts', "new Worker(new URL('../jobmanager/b.ts', import.meta.url))"],
    ['jobmanager/a.ts', "import { t } from 'millrace'"],
    ['taskmanager/slot/main.ts', "import { b } from '../../jobmanager/b.ts'"],
    ['attic/a.ts', ''],
  ])('refuses %s with %j', (path, text) => {
    expect(found(leansOnLowerFloors, path, text)).toBe(1)
  })

  it.each([
    ['sdk/a.ts', "import { b } from '../core/b.ts'"],
    ['taskmanager/operators/a.ts', "import { b } from '../../sdk/b.ts'"],
    ['taskmanager/main.ts', "import { b } from '../connectors/b.ts'"],
    ['cli/a.ts', "import { b } from '../jobmanager/b.ts'"],
    ['core/a.ts', "// import { b } from '../proto/b.ts'"],
    ['core/a.ts', 'const text = "import { b } from \'../proto/b.ts\'"'],
    ['core/a.ts', "import pino from 'pino'"],
  ])('allows %s with %j', (path, text) => {
    expect(found(leansOnLowerFloors, path, text)).toBe(0)
  })
})

describe('rooms of a TaskManager', () => {
  it.each([
    ['taskmanager/state/windows/a.ts', "import { b } from '../../operators/b.ts'"],
    ['taskmanager/operators/a.ts', "import type { B } from '../slot/b.ts'"],
    ['taskmanager/network/tcp/a.ts', "import { b } from '../../task/b.ts'"],
  ])('are not climbed by %s with %j', (path, text) => {
    expect(found(taskManagerLeansDownward, path, text)).toBe(1)
  })

  it.each([
    ['taskmanager/slot/a.ts', "import { b } from '../task/b.ts'"],
    ['taskmanager/task/a.ts', "import { b } from '../../core/b.ts'"],
    ['taskmanager/main.ts', "import { b } from './control/b.ts'"],
    ['jobmanager/state/a.ts', "import { b } from '../operators/b.ts'"],
  ])('are gone down by %s with %j', (path, text) => {
    expect(found(taskManagerLeansDownward, path, text)).toBe(0)
  })
})

describe('platform', () => {
  it.each([
    "import { readFileSync } from 'node:fs'",
    "import fs from 'fs'",
    "import { connect } from 'node:net'",
    "import { Worker } from 'node:worker_threads'",
    "import { spawn } from 'node:child_process'",
    'const now = Date.now()',
    'const now = new Date()',
    'const wait = setTimeout(go, 5)',
    'globalThis.setInterval(go, 5)',
    'const dice = Math.random()',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source under test
    'const text = `at ${Date.now()}`',
  ])('refuses %j', (text) => {
    expect(found(outsideComesThroughPlatform, 'jobmanager/a.ts', text)).toBe(1)
  })

  it.each([
    ['core/platform/disk.ts', "import { readFileSync } from 'node:fs'"],
    ['cli/a.ts', 'Date.now()'],
    ['taskmanager/main.ts', 'setTimeout(go, 5)'],
    ['jobmanager/a.ts', 'clock.setTimeout(go, 5)'],
    ['jobmanager/a.ts', 'new Date(clock.now())'],
    ['jobmanager/a.ts', "const text = 'Math.random()'"],
    ['jobmanager/a.ts', 'const pattern = /["\']Math.random/; clock.now()'],
    ['jobmanager/a.ts', 'interface C {\n  setTimeout(task: () => void): void\n}'],
    ['jobmanager/a.ts', "import type { Socket } from 'node:net'"],
  ])('allows %s with %j', (path, text) => {
    expect(found(outsideComesThroughPlatform, path, text)).toBe(0)
  })
})

describe('other rules', () => {
  it('leave the process to main', () => {
    for (const use of ['process.env.HOME', 'process.argv', 'process.exit(1)', 'process.exitCode = 1']) {
      expect(found(processBelongsToMain, 'sdk/a.ts', use)).toBe(1)
      expect(found(processBelongsToMain, 'sdk/main.ts', use)).toBe(0)
      expect(found(processBelongsToMain, 'cli/a.ts', use)).toBe(0)
    }
    expect(found(processBelongsToMain, 'sdk/a.ts', 'process.pid')).toBe(0)
  })

  it('keep the network out of operators and log', () => {
    expect(found(innerRoomsKnowNoNetwork, 'broker/log/a.ts', "import { x } from '../../core/platform/net.ts'")).toBe(1)
    expect(found(innerRoomsKnowNoNetwork, 'taskmanager/operators/a.ts', "import { x } from '../network/x.ts'")).toBe(1)
    expect(found(innerRoomsKnowNoNetwork, 'taskmanager/operators/a.ts', "import { x } from '../state/x.ts'")).toBe(0)
  })

  it('keep decisions pure', () => {
    expect(found(decisionsArePure, 'jobmanager/a/decide.ts', "import { c } from '../../core/platform/clock.ts'")).toBe(
      1,
    )
    expect(found(decisionsArePure, 'jobmanager/a/decide.ts', 'await x')).toBe(1)
    expect(found(decisionsArePure, 'jobmanager/a/act.ts', 'await x')).toBe(0)
  })

  it('limit the length of a file', () => {
    expect(found(isShort, 'core/a.ts', 'x\n'.repeat(lineLimit + 1))).toBe(1)
    expect(found(isShort, 'core/a.ts', 'x\n'.repeat(lineLimit))).toBe(0)
  })

  it('ask for a comment at the top', () => {
    expect(found(opensWithComment, 'core/a.ts', "import './b.ts'\n/** Late. */")).toBe(1)
    expect(found(opensWithComment, 'core/a.ts', '/** What it is. */\n')).toBe(0)
    expect(found(opensWithComment, 'bin/a.cjs', '#!/usr/bin/env node\n/**\n * What it is.\n */\n')).toBe(0)
  })

  it('refuse what is put off', () => {
    expect(found(postponesNothing, 'core/a.ts', `// ${'TO'}${'DO'}: later`)).toBe(1)
    expect(found(postponesNothing, 'core/a.ts', `// ${'FIX'}${'ME'}`)).toBe(1)
  })

  it('refuse default exports outside of jobs', () => {
    expect(found(exportsByName, 'core/a.ts', 'export default 1')).toBe(1)
    expect(found(exportsByName, 'examples/a.ts', 'export default job')).toBe(0)
  })

  it('refuse paths of one machine', () => {
    expect(found(namesNoMachine, 'core/a.ts', `'/${'home'}/ann/x'`)).toBe(1)
    expect(found(namesNoMachine, 'core/a.ts', "'/v1/jobs'")).toBe(0)
  })
})

describe('the scanner', () => {
  it('sees all the ways to name a module', () => {
    const text = [
      "import a from './a.ts'",
      "import type { B } from './b.ts'",
      "export { c } from './c.ts'",
      "import './d.ts'",
      "const e = await import('./e.ts')",
      "new URL('./f.ts', import.meta.url)",
      "export * as g from './g.ts'",
    ].join('\n')
    expect(namedModules(readSource(text)).map((each) => [each.specifier, each.line])).toEqual(
      ['./a.ts', './b.ts', './c.ts', './d.ts', './e.ts', './f.ts', './g.ts'].map((name, index) => [name, index + 1]),
    )
  })

  it('tells code from strings, templates, comments and regular expressions', () => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the source under test
    const text = 'a("x") // y\nb(`p${c("q")}r${ {d: 1} }s`) /* z */ / 2 + /["]/.test(e)'
    expect(readSource(text).bare.replace(/\s+/g, ' ')).toBe('a(" ") b( {c(" ") { {d: 1} } `) / 2 + / /.test(e)')
  })
})
