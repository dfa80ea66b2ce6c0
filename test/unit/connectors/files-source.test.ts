/** Files as a source: formats, offsets, broken records, following. */
import { appendFileSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { source } from '../../../connectors/index.ts'
import { t } from '../../../sdk/types.ts'
import { SourceHarness } from '../../support/source-harness.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'files-source-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

function put(name: string, text: string | Buffer): string {
  writeFileSync(join(dir, name), text)
  return join(dir, name)
}

async function readAll(options: Parameters<typeof source.files>[0], room = 7): Promise<SourceHarness<unknown>> {
  const harness = await new SourceHarness(source.files(options), room).start(1)
  expect(harness.run()).toBe(true)
  harness.close()
  return harness
}

describe('source.files, ndjson', () => {
  it('reads lines with byte order mark, CRLF, blank lines and no line end at the end', async () => {
    const path = put('a.ndjson', '\ufeff{"a":1}\r\n\n  \n{"a":"ü"}\n{"a":3}')
    const { records, rejected } = await readAll({ path, format: 'ndjson' })
    expect(records).toEqual([{ a: 1 }, { a: 'ü' }, { a: 3 }])
    expect(rejected.map(({ where }) => where)).toEqual([`${path}:3`])
  })

  it('rejects a broken line with file and line and goes on behind it', async () => {
    const path = put('a.ndjson', '{"a":1}\n{"a":\n{"a":3}\n')
    const { records, rejected } = await readAll({ path, format: 'ndjson' })
    expect(records).toEqual([{ a: 1 }, { a: 3 }])
    expect(rejected[0]).toMatchObject({ where: `${path}:2`, raw: '{"a":' })
    expect(rejected[0].error.message).toContain(`${path}:2: `)
  })

  it('reads a line larger than a piece', async () => {
    const big = 'x'.repeat(3_000_000)
    const { records } = await readAll({ path: put('a.ndjson', `{"a":1}\n{"a":"${big}"}\n{"a":2}\n`), format: 'ndjson' })
    expect(records).toEqual([{ a: 1 }, { a: big }, { a: 2 }])
  })

  it('checks values against the declared type and names the field', async () => {
    const type = t.object({ n: t.float64(), big: t.int64(), at: t.timestamp(), note: t.optional(t.string()) })
    const path = put(
      'a.ndjson',
      '{"n":1,"big":7,"at":"2001-01-01T00:00:00Z","other":1}\n{"n":"1","big":7,"at":0}\n{"n":1,"big":1.5,"at":0}\n',
    )
    const { records, rejected } = await readAll({ path, format: 'ndjson', type })
    expect(records).toEqual([{ n: 1, big: 7n, at: 978307200000 }])
    expect(rejected.map(({ error }) => error.message.replace(`${path}:`, ''))).toEqual([
      '2: n is "1", declared as float64',
      '3: big is 1.5, declared as int64',
    ])
  })

  it('loses and repeats nothing over restores at any place', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => ({ i, text: 'é'.repeat(i % 50) }))
    const paths = [0, 1, 2].map((f) =>
      put(
        `${f}.ndjson`,
        lines
          .filter(({ i }) => i % 3 === f)
          .map((x) => `${JSON.stringify(x)}\n`)
          .join(''),
      ),
    )
    expect(paths).toHaveLength(3)
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 20 }), { maxLength: 8 }), async (steps) => {
        const harness = await new SourceHarness(
          source.files({ path: join(dir, '*.ndjson'), format: 'ndjson' }),
          11,
        ).start(2)
        for (const turns of steps) {
          harness.run(turns)
          await harness.start(1 + (turns % 3), harness.snapshot())
        }
        harness.run()
        harness.close()
        expect((harness.records as { i: number }[]).sort((a, b) => a.i - b.i)).toEqual(lines)
      }),
      { numRuns: 15 },
    )
  })
})

describe('source.files, json', () => {
  it('reads the elements of an array with nesting, brackets in strings and escapes', async () => {
    const values = [{ a: [1, { b: ']' }] }, 'x,"]\\', 3, null, [[]], { 'k"': '{' }]
    for (const text of [
      JSON.stringify(values),
      JSON.stringify(values, null, 2),
      ` \n\ufeff`.trim() + JSON.stringify(values),
    ]) {
      const { records, rejected } = await readAll({ path: put('a.json', text), format: 'json' })
      expect(rejected).toEqual([])
      expect(records).toEqual(values)
    }
  })

  it('says where an element is broken and when the array is cut off', async () => {
    const path = put('a.json', '[{"a":1},\n{"a":oops},\n{"a":2},\n{"a"')
    const { records, rejected } = await readAll({ path, format: 'json' })
    expect(records).toEqual([{ a: 1 }, { a: 2 }])
    expect(rejected.map(({ where }) => where)).toEqual([`${path}:2`, `${path}:4`])
  })

  it('refuses a file that is no array', async () => {
    const { records, rejected } = await readAll({ path: put('a.json', '{"a":1}'), format: 'json' })
    expect(records).toEqual([])
    expect(rejected[0].error.message).toContain('not a JSON array')
  })
})

describe('source.files, csv', () => {
  it('reads quotes, commas and line ends inside of values', async () => {
    const path = put('a.csv', 'name,n\r\n"a, ""b""\nc",1\r\nd,2\n')
    const { records } = await readAll({ path, format: 'csv' })
    expect(records).toEqual([
      { name: 'a, "b"\nc', n: '1' },
      { name: 'd', n: '2' },
    ])
  })

  it('converts to the declared type and rejects rows that do not fit', async () => {
    const path = put('a.csv', 'name,n,x\na,1.5,\nb,oops,1\nc,2\n,3,7\n')
    const type = t.object({ n: t.float64(), name: t.string(), x: t.nullable(t.int32()) })
    const { records, rejected } = await readAll({ path, format: 'csv', type })
    expect(records).toEqual([
      { name: 'a', n: 1.5, x: null },
      { name: '', n: 3, x: 7 },
    ])
    expect(rejected.map(({ where }) => where)).toEqual([`${path}:3`, `${path}:4`])
  })

  it('names a column that the header lacks', async () => {
    const { rejected } = await readAll({
      path: put('a.csv', 'x,y\n1,2\n'),
      format: 'csv',
      type: t.object({ z: t.string() }),
    })
    expect(rejected[0].error.message).toContain('no column "z" (it has x, y)')
  })
})

describe('source.files, paths', () => {
  it('takes a directory or a pattern, never hidden files', async () => {
    put('b.ndjson', '2\n')
    put('a.ndjson', '1\n')
    put('c.txt', '3\n')
    put('.d.ndjson', '4\n')
    expect((await readAll({ path: dir, format: 'ndjson' })).records).toEqual([1, 2, 3])
    expect((await readAll({ path: join(dir, '?.nd*'), format: 'ndjson' })).records).toEqual([1, 2])
  })

  it('names a path where there is nothing', async () => {
    await expect(new SourceHarness(source.files({ path: join(dir, 'no'), format: 'csv' })).start()).rejects.toThrow(
      /finds nothing at/,
    )
  })

  it('refuses unknown options', () => {
    expect(() => source.files({ path: 'x', fromat: 'csv' } as never)).toThrow(/Did you mean "format"/)
  })
})

describe('source.files, following', () => {
  it('waits for the rest of a line, for new lines and new files', async () => {
    const path = put('a.ndjson', '1\n2')
    const harness = await new SourceHarness(source.files({ path: dir, format: 'ndjson', follow: true })).start(1)
    harness.run()
    expect(harness.records).toEqual([1])
    appendFileSync(path, '2\n3\n')
    harness.run()
    expect(harness.records).toEqual([1, 22, 3])
    put('b.ndjson', '4\n')
    await harness.start(1, harness.snapshot())
    harness.run()
    expect(harness.records).toEqual([1, 22, 3, 4])
    harness.close()
  })

  it('reads a file from its start when it was cut or replaced', async () => {
    const path = put('a.ndjson', '{"first":1}\n{"first":2}\n')
    const harness = await new SourceHarness(source.files({ path, format: 'ndjson', follow: true })).start(1)
    harness.run()
    renameSync(path, join(dir, 'old'))
    put('a.ndjson', '{"second":1}\n{"second":2}\n{"second":3}\n')
    await harness.start(1, harness.snapshot())
    harness.run()
    expect(harness.records).toHaveLength(5)
    harness.close()
  })

  const following = (path: string): SourceHarness<unknown> =>
    new SourceHarness(source.files({ path, format: 'ndjson', follow: true }))
  /** Looks for rotated files, as it does every 200 ms. */
  const later = (harness: SourceHarness<unknown>, ms = 200): unknown[] => {
    harness.nowMs += ms
    harness.run()
    return harness.records
  }

  it('reads a file that is renamed and replaced to its end, and the new one beside it', async () => {
    const path = put('app.log', '"a1"\n')
    const harness = await following(path).start(1)
    harness.run()
    appendFileSync(path, '"a2"\n')
    renameSync(path, join(dir, 'app.log.1'))
    put('app.log', '"b1"\n')
    expect(later(harness)).toEqual(['a1', 'a2', 'b1'])
    // The writer has not opened the new file yet.
    appendFileSync(join(dir, 'app.log.1'), '"a3"\n"a4')
    expect(later(harness)).toEqual(['a1', 'a2', 'b1', 'a3'])
    // Nothing more for a while: the last line is one without its end.
    appendFileSync(join(dir, 'app.log.1'), '"')
    later(harness, 10_000)
    expect(later(harness, 10_000).at(-1)).toBe('a4')
    harness.close()
  })

  it('reads on where it was when a file is rotated while the job is down', async () => {
    const path = put('app.log', '"a1"\n')
    const harness = await following(path).start(1)
    harness.run()
    const state = harness.snapshot()
    harness.close()
    appendFileSync(path, '"a2"\n')
    renameSync(path, join(dir, 'app.log.1'))
    put('app.log', '"b1"\n')
    await harness.start(1, state)
    harness.run()
    expect(harness.records).toEqual(['a1', 'a2', 'b1'])
    // And once more, with two that are older.
    const both = harness.snapshot()
    harness.close()
    appendFileSync(path, '"b2"\n')
    renameSync(join(dir, 'app.log.1'), join(dir, 'app.log.2'))
    renameSync(path, join(dir, 'app.log.1'))
    put('app.log', '"c1"\n')
    await harness.start(1, both)
    harness.run()
    expect(harness.records).toEqual(['a1', 'a2', 'b1', 'b2', 'c1'])
    harness.close()
  })

  it.each([1, 3])(
    'reads no file of a followed directory again under its new name, at parallelism %i',
    async (parallelism) => {
      put('app.log', '"a1"\n')
      const harness = await following(dir).start(parallelism)
      harness.run()
      appendFileSync(join(dir, 'app.log'), '"a2"\n')
      renameSync(join(dir, 'app.log'), join(dir, 'app.log.1'))
      put('app.log', '"b1"\n')
      const state = harness.snapshot()
      await harness.start(parallelism, state)
      harness.run()
      later(harness)
      expect(harness.records).toEqual(['a1', 'a2', 'b1'])
      expect(harness.finished).toEqual([join(dir, 'app.log.1')])
      // Read to its end long ago, and renamed again.
      later(harness, 10_000)
      later(harness, 10_000)
      const old = harness.snapshot()
      harness.close()
      renameSync(join(dir, 'app.log.1'), join(dir, 'app.log.2'))
      await harness.start(parallelism, old)
      harness.run()
      expect(harness.records).toEqual(['a1', 'a2', 'b1'])
      harness.close()
    },
  )

  it('reads a file that was copied and cut from its start: what came after the last look is in the copy only', async () => {
    const path = put('app.log', '"a1"\n"a2"\n')
    const harness = await following(path).start(1)
    harness.run()
    writeFileSync(path, '"b1"\n')
    expect(later(harness)).toEqual(['a1', 'a2', 'b1'])
    harness.close()
  })
})
