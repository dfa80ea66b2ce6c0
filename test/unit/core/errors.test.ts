import { describe, expect, it } from 'vitest'
import { allErrors, defineErrors, errorFromWire, errorToWire, isMillraceError } from '../../../core/errors.ts'

const errors = defineErrors('TEST', {
  FULL: {
    text: 'the disk of {path} is full, {bytes} bytes missing',
    hint: 'Free {bytes} bytes.',
    blame: 'external',
    retry: 'backoff',
  },
  PLAIN: { text: 'a sentence with { braces } of code', blame: 'user', retry: 'never' },
})

describe('errors', () => {
  it('carry the code of their room, a filled sentence, who has to act, and their context', () => {
    const error = errors.create('FULL', { path: 'a/b', bytes: 12 })
    expect(error).toMatchObject({
      code: 'TEST_FULL',
      message: 'the disk of a/b is full, 12 bytes missing',
      hint: 'Free 12 bytes.',
      blame: 'external',
      retry: 'backoff',
      context: { path: 'a/b', bytes: 12 },
    })
  })

  it('start their stack where they were thrown', () => {
    expect(errors.create('PLAIN').stack?.split('\n')[1]).toContain('errors.test.ts')
  })

  it('leave braces alone that are not placeholders', () => {
    expect(errors.create('PLAIN').message).toBe('a sentence with { braces } of code')
  })

  it('are recognised by brand, by code and by table', () => {
    const error = errors.create('PLAIN')
    expect(isMillraceError(error)).toBe(true)
    expect(isMillraceError(error, 'TEST_PLAIN')).toBe(true)
    expect(isMillraceError(error, 'TEST_FULL')).toBe(false)
    expect(isMillraceError(new Error('no'))).toBe(false)
    expect(isMillraceError(undefined)).toBe(false)
    expect(errors.is(error, 'PLAIN')).toBe(true)
    expect(errors.is(error, 'FULL')).toBe(false)
  })

  it('survive a journey as JSON, with their causes', () => {
    const cause = new TypeError('inner')
    const error = errors.create('FULL', { path: 'p', bytes: 10n }, { cause })
    const back = errorFromWire(JSON.parse(JSON.stringify(errorToWire(error))))
    expect(isMillraceError(back, 'TEST_FULL')).toBe(true)
    expect(back.message).toBe(error.message)
    expect(back.stack).toBe(error.stack)
    expect(back.cause).toMatchObject({ code: 'UNKNOWN', message: 'inner' })
  })

  it('travel even when what was thrown is no error', () => {
    expect(errorToWire('text')).toMatchObject({ code: 'UNKNOWN', message: 'text' })
    expect(errorToWire(undefined)).toMatchObject({ message: 'undefined' })
  })

  it('cut a chain of causes that bites its tail', () => {
    const error = new Error('a')
    error.cause = error
    let depth = 0
    for (let wire = errorToWire(error) as { cause?: unknown } | undefined; wire !== undefined; depth++) {
      wire = wire.cause as typeof wire
    }
    expect(depth).toBe(8)
  })

  it('are all known by code', () => {
    expect(allErrors().get('TEST_FULL')?.retry).toBe('backoff')
  })
})
