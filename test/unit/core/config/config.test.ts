import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import {
  boolean,
  duration,
  environmentSource,
  formatDuration,
  formatSize,
  integer,
  loadConfig,
  nearest,
  oneOf,
  option,
  parseConfigFile,
  parseDuration,
  parseSize,
  text,
} from '../../../../core/config/index.ts'

const interval = option({ key: 'checkpointing.min-interval', type: duration(), default: 1000, scope: 'job', doc: '' })
const slots = option({ key: 'slots', type: integer({ min: 1, max: 64 }), default: 2, scope: 'taskmanager', doc: '' })
const dir = option({ key: 'dir', type: text(), scope: 'job', doc: '' })
const kind = option({ key: 'kind', type: oneOf(['heap', 'disk']), default: 'heap', scope: 'job', doc: '' })
const debug = option({ key: 'debug', type: boolean(), default: false, scope: 'job', doc: '' })
const options = [interval, slots, dir, kind, debug]

describe('durations and sizes', () => {
  it.each([
    ['250ms', 250],
    ['5s', 5000],
    ['5 s', 5000],
    ['1m', 60_000],
    ['1 min', 60_000],
    ['1.5s', 1500],
    ['1h 30m', 5_400_000],
    ['2d', 172_800_000],
    ['750', 750],
  ])('reads %j as %d ms', (given, ms) => {
    expect(parseDuration(given)).toBe(ms)
  })

  it.each(['', 's', '5 parsecs', '-5s', '5s x', 'x5s'])('refuses %j as a duration', (given) => {
    expect(() => parseDuration(given)).toThrow(/is not a duration/)
  })

  it('reads back what it writes', () => {
    fc.assert(fc.property(fc.nat(1e12), (ms) => parseDuration(formatDuration(ms)) === ms))
    fc.assert(fc.property(fc.nat(1e6), (kb) => parseSize(`${kb}kb`) === kb * 1024))
  })

  it('reads and writes sizes', () => {
    expect([parseSize('64mb'), parseSize('1 GiB'), parseSize('512'), parseSize('1.5k')]).toEqual([
      64 << 20,
      2 ** 30,
      512,
      1536,
    ])
    expect([formatSize(512), formatSize(64 << 20), formatSize(1536)]).toEqual(['512b', '64mb', '1.5kb'])
    expect(() => parseSize('5 apples')).toThrow(/is not a size/)
  })
})

describe('configuration', () => {
  it('gives defaults, and undefined where there is none', () => {
    const config = loadConfig(options, [])
    expect([config.get(interval), config.get(slots), config.get(dir), config.has(slots)]).toEqual([
      1000,
      2,
      undefined,
      false,
    ])
  })

  it('lets a later source win, and says what was set', () => {
    const config = loadConfig(options, [
      { name: 'file', values: { slots: '3', kind: 'DISK' } },
      { name: '-D', values: { slots: '4' } },
    ])
    expect([config.get(slots), config.get(kind)]).toEqual([4, 'disk'])
    expect(config.toRecord()).toEqual({ slots: '4', kind: 'DISK' })
  })

  it('refuses a key that nobody declared, and names the nearest', () => {
    expect(() => loadConfig(options, [{ name: '-D', values: { slost: '3' } }])).toThrow(
      expect.objectContaining({
        code: 'CONFIG_UNKNOWN_KEY',
        message: 'nothing is called slost (-D). Did you mean "slots"?',
      }),
    )
  })

  it('refuses a value with key, source and what was expected', () => {
    expect(() => loadConfig(options, [{ name: 'file', values: { slots: '100' } }])).toThrow(
      expect.objectContaining({
        code: 'CONFIG_BAD_VALUE',
        message: 'slots: "100" is not a whole number from 1 to 64 (file)',
      }),
    )
    expect(() => loadConfig(options, [{ name: 'file', values: { debug: 'yes' } }])).toThrow(/not true or false/)
    expect(() => loadConfig(options, [{ name: 'file', values: { kind: 'tape' } }])).toThrow(/not one of heap, disk/)
  })

  it('reads the environment by derived names', () => {
    const environment = { MILLRACE_CHECKPOINTING_MIN_INTERVAL: '5s', HOME: '/', MILLRACE_OWN: 'x' }
    const source = environmentSource(options, environment, ['MILLRACE_OWN'])
    expect(source.values).toEqual({ 'checkpointing.min-interval': '5s' })
    expect(() => environmentSource(options, { MILLRACE_SLOT: '1' })).toThrow(/Did you mean "MILLRACE_SLOTS"/)
  })

  it('finds slips of the keyboard and nothing far-fetched', () => {
    expect(nearest('lits', ['list', 'info'])).toBe('list')
    expect(nearest('frobnicate', ['list', 'info'])).toBeUndefined()
  })
})

describe('the configuration file', () => {
  it('reads nested and flat keys, quotes and comments', () => {
    const file = [
      '# top',
      'execution:',
      '  checkpointing:',
      '    interval: 10s # often',
      '    dir: "file:///a # b"',
      '  mode: exactly-once',
      "name: 'it''s'",
      'rest.port: 8081',
    ].join('\n')
    expect(parseConfigFile('f', file).values).toEqual({
      'execution.checkpointing.interval': '10s',
      'execution.checkpointing.dir': 'file:///a # b',
      'execution.mode': 'exactly-once',
      name: "it's",
      'rest.port': '8081',
    })
  })

  it.each([
    ['a: 1\na: 2', 'f, line 2: a stands here twice'],
    ['a:\n  b: 1\na.b: 2', 'f, line 3: a.b stands here twice'],
    ['a: [1, 2]', 'f, line 1: [1, 2] is not a plain value; quote it'],
    ['\ta: 1', 'f, line 1: indent with spaces, not tabs'],
    ['a 1', 'f, line 1: expected "key: value"'],
  ])('refuses %j', (content, message) => {
    expect(() => parseConfigFile('f', content)).toThrow(expect.objectContaining({ code: 'CONFIG_BAD_FILE', message }))
  })
})
