/**
 * TypeScript source with its comments, or its comments and strings, blanked out; and the modules that it names. A scanner
 * of tokens, not a parser: enough to tell code from text. Line numbers stay.
 */

export interface SourceText {
  /** Comments blanked. */
  readonly code: string
  /** Comments and the contents of strings, templates and regular expressions blanked. */
  readonly bare: string
}

const beforeRegex = /(?:^|[([{,;=:!&|?+\-*%<>~^]|\b(?:return|case|typeof|in|of|do|else|yield|await))\s*$/

export function readSource(text: string): SourceText {
  let code = ''
  let bare = ''
  let at = 0
  /** Depths of braces at which a template's `${` was opened. */
  const templates: number[] = []
  let braces = 0
  const blank = (part: string): string => part.replace(/[^\n]/g, ' ')
  const keep = (length: number) => {
    code += text.slice(at, at + length)
    bare += text.slice(at, at + length)
    at += length
  }
  const literal = (end: number, quotes: number) => {
    const part = text.slice(at, end)
    code += part
    bare += part.slice(0, quotes) + blank(part.slice(quotes, -quotes)) + part.slice(-quotes)
    at = end
  }
  const template = () => {
    // From a back quote or a closing brace to the next `${` or the end.
    let end = at + 1
    for (; end < text.length; end++) {
      if (text[end] === '\\') end++
      else if (text[end] === '`') return literal(end + 1, 1)
      else if (text[end] === '$' && text[end + 1] === '{') {
        templates.push(braces++)
        const part = text.slice(at, end + 2)
        code += part
        bare += `${blank(part.slice(0, -1))}{`
        at = end + 2
        return
      }
    }
    literal(end, 1)
  }
  while (at < text.length) {
    const char = text[at] as string
    const two = text.slice(at, at + 2)
    if (two === '//' || two === '/*') {
      const close = two === '//' ? text.indexOf('\n', at) : text.indexOf('*/', at) + 2
      const end = close <= 1 && two === '/*' ? text.length : close === -1 ? text.length : close
      const part = blank(text.slice(at, end))
      code += part
      bare += part
      at = end
    } else if (char === "'" || char === '"') {
      let end = at + 1
      while (end < text.length && text[end] !== char && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1
      literal(end + 1, 1)
    } else if (char === '`') template()
    else if (char === '{') {
      braces++
      keep(1)
    } else if (char === '}') {
      braces--
      if (templates.at(-1) === braces) {
        templates.pop()
        template()
      } else keep(1)
    } else if (char === '/' && beforeRegex.test(bare.slice(-40))) {
      let end = at + 1
      let set = false
      for (; end < text.length && text[end] !== '\n' && (set || text[end] !== '/'); end++) {
        if (text[end] === '\\') end++
        else if (text[end] === '[') set = true
        else if (text[end] === ']') set = false
      }
      literal(end + 1, 1)
    } else keep(1)
  }
  return { code, bare }
}

export interface NamedModule {
  readonly specifier: string
  readonly line: number
  /** `import type` or `export type`: gone at run time. */
  readonly typeOnly: boolean
}

const moduleNames =
  /(?:\b(?:import|export)\s+(type\s+)?(?:[\w$*{][^'"`;()]*?\bfrom\s*)?|\bimport\s*\(\s*|\bimport\.meta\.resolve\(\s*|\bnew\s+URL\(\s*)(['"])([^'"\n]+)\2/g

/** Modules that the code names: imports, exports from, dynamic imports, and files named beside it by `new URL`. */
export function namedModules(source: SourceText): NamedModule[] {
  const found: NamedModule[] = []
  for (const match of source.code.matchAll(moduleNames)) {
    const specifier = match[3] as string
    const byUrl = match[0].startsWith('new')
    if (byUrl && !/\.[cm]?[jt]s$/.test(specifier)) continue
    // A sentence inside of a string is not code: what stands before the quote must have survived the blanking.
    if (!/import|export|URL/.test(source.bare.slice(match.index, match.index + 8))) continue
    found.push({ specifier, line: lineAt(source.code, match.index), typeOnly: match[1] !== undefined })
  }
  return found
}

/** 1 for the first line. */
export function lineAt(text: string, index: number): number {
  let line = 1
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line++
  return line
}
