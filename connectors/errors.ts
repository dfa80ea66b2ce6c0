/** Failures of connectors, and the check that every factory makes of its options. */
import { didYouMean } from '../core/config/nearest.ts'
import { defineErrors } from '../core/errors.ts'

export const connectorErrors = defineErrors('CONNECTOR', {
  UNKNOWN_OPTION: {
    text: '{factory} has no option "{option}".{suggestion}',
    hint: 'Options: {known}.',
    blame: 'user',
    retry: 'never',
  },
  BAD_OPTION: { text: '{factory}: {option} is {value}; expected {expected}', blame: 'user', retry: 'never' },
  NO_SUCH_PATH: {
    text: 'source.files finds nothing at {path}',
    hint: 'Give a file, a directory or a pattern such as in/*.json; relative paths start at the directory of the process.',
    blame: 'user',
    retry: 'never',
  },
  BROKEN_RECORD: { text: '{where}: {problem}', blame: 'external', retry: 'never' },
  READ_FAILED: { text: '{path} cannot be read: {problem}', blame: 'external', retry: 'backoff' },
  WRITE_FAILED: { text: '{path} cannot be written: {problem}', blame: 'external', retry: 'backoff' },
  PENDING_LOST: {
    text: 'the file {path} of a checkpoint is neither pending nor finished',
    hint: 'Somebody removed it: its records are lost. Restore from an older checkpoint to write them again.',
    blame: 'external',
    retry: 'never',
  },
})

/** Throws for a key that the factory does not know. */
export function checkOptions(factory: string, options: object, known: readonly string[]): void {
  for (const option of Object.keys(options)) {
    if (known.includes(option)) continue
    throw connectorErrors.create('UNKNOWN_OPTION', {
      factory,
      option,
      suggestion: didYouMean(option, known),
      known: known.join(', '),
    })
  }
}

export function badOption(factory: string, option: string, value: unknown, expected: string): Error {
  return connectorErrors.create('BAD_OPTION', {
    factory,
    option,
    value: value === undefined ? 'missing' : value,
    expected,
  })
}

/** Throws unless the value is absent or a whole number in the range. */
export function checkInteger(
  factory: string,
  option: string,
  value: number | undefined,
  min: number,
  max = Number.MAX_SAFE_INTEGER,
): void {
  if (value === undefined || (Number.isSafeInteger(value) && value >= min && value <= max)) return
  throw badOption(
    factory,
    option,
    value,
    max === Number.MAX_SAFE_INTEGER ? `a whole number of at least ${min}` : `a whole number from ${min} to ${max}`,
  )
}

/** FNV-1a of a text: spreads split ids over subtasks. */
export function hashText(text: string): number {
  let h = 0x811c9dc5
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193)
  return h >>> 0
}
