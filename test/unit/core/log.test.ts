import { afterEach, describe, expect, it } from 'vitest'
import { configureLogging, createLogger, formatLogLine } from '../../../core/log.ts'

afterEach(() => configureLogging({ level: 'info', format: 'json' }))

describe('log lines', () => {
  it('are JSON with the part that wrote them, the time, fields and message', () => {
    const lines: string[] = []
    createLogger('jobmanager', { fields: { epoch: 3 }, write: (line) => lines.push(line) }).warn({ job: 'a' }, 'slow')
    expect(JSON.parse(lines[0] as string)).toMatchObject({
      name: 'jobmanager',
      epoch: 3,
      job: 'a',
      msg: 'slow',
      level: 40,
      time: expect.any(Number),
    })
  })

  it('follow the level of the thread, loggers made before too', () => {
    const lines: string[] = []
    configureLogging({ write: (line) => lines.push(line) })
    const logger = createLogger('early')
    logger.debug('no')
    configureLogging({ level: 'debug' })
    logger.debug('yes')
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['yes'])
  })

  it('carry an error with its stack and cause', () => {
    const lines: string[] = []
    const logger = createLogger('x', { write: (line) => lines.push(line) })
    logger.error({ error: new Error('outer', { cause: new Error('inner') }) }, 'failed')
    expect(lines[0]).toContain('inner')
    expect(formatLogLine(lines[0] as string)).toMatch(/ERROR x {2}failed\n.*Error: outer/)
  })

  it('can be read by people', () => {
    const text = formatLogLine(JSON.stringify({ level: 30, time: 0, name: 'slot', msg: 'ready', port: 5 }))
    expect(text).toBe('00:00:00.000 INFO  slot  ready port=5\n')
    expect(formatLogLine('not json')).toBe('not json')
  })
})
