/**
 * Reads a regular expression in a part of RE2's syntax: literals, `.`, classes, groups (also `(?:` and `(?P<name>`), `|`, `* + ? {m,n}`
 * with a lazy form, `^ $ \A \z`, `\d \w \s` and their opposites, `\t \n \r \f \v \xHH`, and a backslash before punctuation. Pure.
 */

export type Has = (code: number) => boolean

export type PatternNode =
  | { readonly kind: 'character'; readonly has: Has }
  | { readonly kind: 'begin' }
  | { readonly kind: 'end' }
  | { readonly kind: 'sequence'; readonly parts: readonly PatternNode[] }
  | { readonly kind: 'choice'; readonly parts: readonly PatternNode[] }
  /** `most`: Infinity for no limit. */
  | { readonly kind: 'repeat'; readonly of: PatternNode; readonly least: number; readonly most: number }

const lengthMax = 512
const repeatMax = 1000

/** Undefined when the text is no pattern. */
export function parsePattern(text: string): PatternNode | undefined {
  const parser = new Parser(text)
  const node = text.length > lengthMax ? undefined : parser.choice()
  return node !== undefined && parser.isDone ? node : undefined
}

const between =
  (from: number, to: number): Has =>
  (code) =>
    code >= from && code <= to
const is = (character: string): Has => between(character.codePointAt(0) as number, character.codePointAt(0) as number)
const not =
  (has: Has): Has =>
  (code) =>
    !has(code)
const some =
  (all: readonly Has[]): Has =>
  (code) =>
    all.some((has) => has(code))

const digit = between(0x30, 0x39)
const word = some([digit, between(0x41, 0x5a), between(0x61, 0x7a), is('_')])
const space = some([is('\t'), is('\n'), is('\f'), is('\r'), is(' ')])
const classes: Readonly<Record<string, Has>> = {
  d: digit,
  D: not(digit),
  w: word,
  W: not(word),
  s: space,
  S: not(space),
}
const controls: Readonly<Record<string, string>> = { t: '\t', n: '\n', r: '\r', f: '\f', v: '\v' }

/** Each method reads one thing from where it stands; undefined when it is not there, or not as it should be. */
class Parser {
  readonly #characters: readonly string[]
  #at = 0

  constructor(text: string) {
    this.#characters = Array.from(text)
  }

  get isDone(): boolean {
    return this.#at === this.#characters.length
  }

  choice(): PatternNode | undefined {
    const parts: PatternNode[] = []
    do {
      const part = this.#sequence()
      if (part === undefined) return undefined
      parts.push(part)
    } while (this.#take('|'))
    return parts.length === 1 ? parts[0] : { kind: 'choice', parts }
  }

  #sequence(): PatternNode | undefined {
    const parts: PatternNode[] = []
    while (!this.isDone && !this.#isNext('|') && !this.#isNext(')')) {
      const part = this.#repeated()
      if (part === undefined) return undefined
      parts.push(part)
    }
    return { kind: 'sequence', parts }
  }

  #repeated(): PatternNode | undefined {
    const of = this.#one()
    const times = of && this.#times()
    if (of === undefined || times === undefined) return of
    // Which of several matches it is does not matter here.
    this.#take('?')
    const [least, most] = times
    const isGood = least <= most && least <= repeatMax && (most <= repeatMax || most === Number.POSITIVE_INFINITY)
    // Two of them in a row have no meaning.
    return isGood && this.#times() === undefined ? { kind: 'repeat', of, least, most } : undefined
  }

  #times(): readonly [number, number] | undefined {
    if (this.#take('*')) return [0, Number.POSITIVE_INFINITY]
    if (this.#take('+')) return [1, Number.POSITIVE_INFINITY]
    if (this.#take('?')) return [0, 1]
    const [whole, least, comma, most] = /^\{(\d{1,4})(,?)(\d{0,4})\}/.exec(this.#rest(12)) ?? []
    if (whole === undefined || (comma === '' && most !== '')) return undefined
    this.#at += whole.length
    const none = comma === '' ? Number(least) : Number.POSITIVE_INFINITY
    return [Number(least), most === '' ? none : Number(most)]
  }

  #one(): PatternNode | undefined {
    const character = this.#next()
    switch (character) {
      case '^':
        return { kind: 'begin' }
      case '$':
        return { kind: 'end' }
      case '.':
        return { kind: 'character', has: not(is('\n')) }
      case '(':
        return this.#group()
      case '[':
        return this.#class()
      case '\\':
        return this.#escaped()
      case undefined:
      case '*':
      case '+':
      case '?':
        return undefined
      default:
        return { kind: 'character', has: is(character) }
    }
  }

  #group(): PatternNode | undefined {
    const [open] = /^\?(:|P?<[A-Za-z_]\w*>)/.exec(this.#rest(64)) ?? []
    if (open !== undefined) this.#at += open.length
    const inside = this.choice()
    return this.#take(')') ? inside : undefined
  }

  #escaped(): PatternNode | undefined {
    if (this.#take('A')) return { kind: 'begin' }
    if (this.#take('z')) return { kind: 'end' }
    const named = classes[this.#characters[this.#at] ?? '']
    if (named !== undefined) {
      this.#at++
      return { kind: 'character', has: named }
    }
    const literal = this.#literal()
    return literal === undefined ? undefined : { kind: 'character', has: is(literal) }
  }

  /** The character that stands behind a backslash. */
  #literal(): string | undefined {
    const [whole, digits] = /^x([0-9A-Fa-f]{2})/.exec(this.#rest(3)) ?? []
    if (whole !== undefined) {
      this.#at += 3
      return String.fromCharCode(Number.parseInt(digits as string, 16))
    }
    const character = this.#next()
    if (character === undefined) return undefined
    // Letters and digits have meanings, and not all of them are known here.
    return controls[character] ?? (/[A-Za-z0-9]/.test(character) ? undefined : character)
  }

  #class(): PatternNode | undefined {
    const isOpposite = this.#take('^')
    const parts: Has[] = []
    // In the first place it is a character.
    while (parts.length === 0 || !this.#isNext(']')) {
      const part = this.#member()
      if (part === undefined) return undefined
      parts.push(part)
    }
    this.#at++
    return { kind: 'character', has: isOpposite ? not(some(parts)) : some(parts) }
  }

  #member(): Has | undefined {
    if (this.#rest(2) === '[:') return undefined
    const first = this.#memberEnd()
    if (first === undefined || typeof first !== 'string') return first
    if (!this.#isNext('-') || [']', undefined].includes(this.#characters[this.#at + 1])) return is(first)
    this.#at++
    const last = this.#memberEnd()
    if (typeof last !== 'string') return undefined
    const [from, to] = [first.codePointAt(0) as number, last.codePointAt(0) as number]
    return from <= to ? between(from, to) : undefined
  }

  #memberEnd(): string | Has | undefined {
    if (!this.#take('\\')) return this.#next()
    const named = classes[this.#characters[this.#at] ?? '']
    if (named === undefined) return this.#literal()
    this.#at++
    return named
  }

  #rest(length: number): string {
    return this.#characters.slice(this.#at, this.#at + length).join('')
  }

  #next(): string | undefined {
    return this.#characters[this.#at++]
  }

  #isNext(character: string): boolean {
    return this.#characters[this.#at] === character
  }

  #take(character: string): boolean {
    if (!this.#isNext(character)) return false
    this.#at++
    return true
  }
}
