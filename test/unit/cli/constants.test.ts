/** Constants of a bundle. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { bundleJob } from '../../../cli/bundle.ts'
import { keepConstants } from '../../../cli/constants.ts'

const own = new Set(['job.ts', 'node_modules/old/index.js'])
const of = (code: string): string => keepConstants(`// job.ts\n${code}`, own).slice('// job.ts\n'.length)

describe('constants of a bundle', () => {
  it('are variables that are declared once and never assigned', () => {
    expect(of('var a = 1;\nvar B = class {\n};\nvar c = () => a;\n')).toBe(
      'const a=1;\nconst B=class {\n};\nconst c=() => a;\n',
    )
  })

  it.each([
    ['a = 2;', 'assigned'],
    ['function f() { a += 2; }', 'assigned in a function'],
    ['a++;', 'counted'],
    ['[a] = [2];', 'taken apart into'],
    ['({ b: { a = 3 } } = {});', 'taken apart into, deeply'],
    ['[...a] = [];', 'the rest of something'],
    ['for (a of []) ;', 'the variable of a loop'],
    ['for (a in {}) ;', 'the variable of a loop over names'],
    ['var a = 3;', 'declared again'],
    ['function a() {}', 'declared again, as a function'],
  ])('are none with %s', (more) => {
    for (const code of [`var a = 1;\n${more}\n`, `${more}\nvar a = 1;\n`]) expect(of(code)).toBe(code)
  })

  it('are none without a value, several in a statement, or inside of functions', () => {
    const code =
      'var a;\nvar b = 1, c = 2;\nvar { d } = {};\nfunction f() {\n  var e = 1;\n  return e;\n}\nlet g = 1;\n'
    expect(of(code)).toBe(code)
  })

  it('are left as they are in packages, in what the bundler adds, and in code that cannot be parsed', () => {
    const added = 'var helper = 1;\n'
    const old = '// node_modules/old/index.js\nvar a = 1;\n'
    expect(keepConstants(`${added}${old}// job.ts\nvar b = 1;\n// text\nvar c = 1;\n`, own)).toBe(
      `${added}${old}// job.ts\nconst b=1;\n// text\nconst c=1;\n`,
    )
    expect(of('var a = 1;\nvar = ;')).toBe('var a = 1;\nvar = ;')
  })

  it('change neither what a program computes nor the place of anything behind their names', () => {
    const name = fc.constantFrom('a', 'b', 'c')
    const statement = fc.oneof(
      fc.tuple(name, fc.nat(9)).map(([to, n]) => `var ${to} = ${n};`),
      fc.tuple(name, name).map(([to, from]) => `${to} = (typeof ${from} === 'number' ? ${from} : 0) + 1;`),
      name.map((to) => `${to}++;`),
      name.map((to) => `function set_${to}(v) { ${to} = v; } set_${to}(7);`),
      name.map((from) => `out.push(${from});`),
    )
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 8 }), (statements) => {
        const declared = ['a', 'b', 'c'].filter((each) => !statements.some((line) => line.startsWith(`var ${each} `)))
        // Written before it is read, as whoever wrote `const` had it.
        const order = [
          ...statements.filter((line) => line.startsWith('var')),
          ...statements.filter((line) => !line.startsWith('var')),
        ]
        const code = `${declared.map((each) => `var ${each} = 0;`).join('\n')}\n${order.join('\n')}\n`
        const changed = of(code)
        expect(changed).toHaveLength(code.length)
        const run = (text: string): unknown => new Function(`const out = [];\n${text}\nreturn [a, b, c, out]`)()
        expect(run(changed)).toEqual(run(code))
      }),
    )
  })
})

describe('the bundle of a job', () => {
  let directory: string
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'millrace-constants-'))
  })
  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  it('has its constants as constants, and its variables as variables', async () => {
    mkdirSync(join(directory, 'node_modules/old'), { recursive: true })
    writeFileSync(join(directory, 'node_modules/old/index.mjs'), 'export var legacy = 5\n')
    writeFileSync(join(directory, 'node_modules/old/package.json'), '{"name":"old","main":"index.mjs"}')
    writeFileSync(
      join(directory, 'rates.ts'),
      'export const rate: number = 41 + 1\nexport let calls = 0\nexport const call = () => { calls++ }\n',
    )
    const job = join(directory, 'job.ts')
    writeFileSync(
      job,
      "import { legacy } from 'old'\nimport { call, calls, rate } from './rates.ts'\nexport default () => { call(); return [rate, calls, legacy] }\n",
    )
    const { code } = await bundleJob(job)
    expect(code).toContain('const rate=41 + 1')
    expect(code).toContain('var calls = 0')
    expect(code).toContain('var legacy = 5')
  })
})
