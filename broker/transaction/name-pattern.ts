/**
 * A regular expression that a client gives to pick names by, in the syntax of RE2: it is matched in time that grows with the name
 * and the pattern and with nothing else, whatever the pattern says.
 */
import { createRequire } from 'node:module'
import type { RE2JS } from 're2js'

// Hardly a broker is ever given a pattern, and its tables of characters are large.
const require = createRequire(import.meta.url)

const lengthMax = 512
/** Instructions of a pattern, its repetitions written out. */
const sizeMax = 1000

export class NamePattern {
  readonly #compiled: RE2JS
  readonly #size: number
  /** What the matches so far have taken at the most, in steps of the pattern. */
  steps = 0

  private constructor(compiled: RE2JS) {
    this.#compiled = compiled
    this.#size = compiled.programSize()
  }

  /** Undefined when the text is no pattern, or too large a one. */
  static parse(text: string): NamePattern | undefined {
    if (text.length > lengthMax) return undefined
    const { RE2JS: Pattern, RE2JSException } = require('re2js') as typeof import('re2js')
    try {
      const compiled = Pattern.compile(text)
      return compiled.programSize() > sizeMax ? undefined : new NamePattern(compiled)
    } catch (error) {
      if (error instanceof RE2JSException) return undefined
      throw error
    }
  }

  /** Whether the pattern matches the name as a whole. */
  matches(name: string): boolean {
    this.steps += this.#size * (name.length + 1)
    return this.#compiled.matches(name)
  }
}
