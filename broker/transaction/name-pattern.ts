/**
 * A regular expression that a client gives to pick names by. It is matched in time that grows with the name and the pattern and with
 * nothing else: all places where a match may stand are followed at once, and none is tried again. What would need more (references back,
 * looking around) is no pattern, as in RE2, of whose syntax this is a part: see pattern-parser.ts.
 *
 * Pure, but for the count of its steps.
 */
import { type Has, type PatternNode, parsePattern } from './pattern-parser.ts'

/** Places of a pattern, its repetitions written out. */
const placesMax = 1000

/** What the next character must be, or where to go on without one. The next place follows, unless `to` says others. */
type Place =
  | { readonly kind: 'character'; readonly has: Has }
  | { readonly kind: 'begin' }
  | { readonly kind: 'end' }
  | { readonly kind: 'go'; readonly to: number[] }
  | { readonly kind: 'found' }

export class NamePattern {
  /** Taken by all matches so far. */
  steps = 0
  readonly #places: readonly Place[]
  readonly #seen: Uint32Array
  #round = 0

  private constructor(places: readonly Place[]) {
    this.#places = places
    this.#seen = new Uint32Array(places.length)
  }

  /** Undefined when the text is no pattern, or too large a one. */
  static parse(text: string): NamePattern | undefined {
    const node = parsePattern(text)
    const places: Place[] = []
    if (node === undefined || !write(places, node)) return undefined
    places.push({ kind: 'found' })
    return new NamePattern(places)
  }

  /** Whether the pattern matches the name as a whole. */
  matches(name: string): boolean {
    const characters = Array.from(name)
    let open = this.#follow([0], true, characters.length === 0)
    for (const [at, character] of characters.entries()) {
      const code = character.codePointAt(0) as number
      const passed: number[] = []
      for (const each of open) {
        const place = this.#places[each] as Place
        if (place.kind === 'character' && place.has(code)) passed.push(each + 1)
      }
      if (passed.length === 0) return false
      open = this.#follow(passed, false, at === characters.length - 1)
    }
    return open.includes(this.#places.length - 1)
  }

  /** All places that wait for a character, or are the last, that can be come to from these without one. */
  #follow(from: number[], atBegin: boolean, atEnd: boolean): number[] {
    this.#round++
    const open: number[] = []
    for (let each = from.pop(); each !== undefined; each = from.pop()) {
      if (this.#seen[each] === this.#round) continue
      this.#seen[each] = this.#round
      this.steps++
      const place = this.#places[each] as Place
      if (place.kind === 'go') from.push(...place.to)
      else if (place.kind === 'character' || place.kind === 'found') open.push(each)
      else if (place.kind === 'begin' ? atBegin : atEnd) from.push(each + 1)
    }
    return open
  }
}

/** Appends the places of a node; false when there are too many. */
function write(places: Place[], node: PatternNode): boolean {
  if (places.length >= placesMax) return false
  switch (node.kind) {
    case 'sequence':
      // Also what is empty has a place, or it could be repeated for ever without becoming large.
      if (node.parts.length === 0) places.push({ kind: 'go', to: [places.length + 1] })
      return node.parts.every((part) => write(places, part))
    case 'choice': {
      const begin: number[] = []
      const ends: number[][] = []
      places.push({ kind: 'go', to: begin })
      for (const part of node.parts) {
        begin.push(places.length)
        if (!write(places, part)) return false
        const end: number[] = []
        ends.push(end)
        places.push({ kind: 'go', to: end })
      }
      for (const end of ends) end.push(places.length)
      return true
    }
    case 'repeat': {
      const { of, least, most } = node
      for (let count = 0; count < least; count++) if (!write(places, of)) return false
      // Each time may be the last.
      const skips: number[][] = []
      for (let count = least; count < Math.min(most, least + placesMax); count++) {
        const again = places.length
        const to = [again + 1]
        skips.push(to)
        places.push({ kind: 'go', to })
        if (!write(places, of)) return false
        if (most === Number.POSITIVE_INFINITY) {
          places.push({ kind: 'go', to: [again] })
          break
        }
      }
      for (const to of skips) to.push(places.length)
      return places.length < placesMax
    }
    default:
      places.push(node)
      return true
  }
}
