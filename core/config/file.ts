/**
 * The configuration file: the part of YAML that configuration needs. Nested or flat keys, plain or quoted scalars,
 * comments. Lists, anchors, tabs and several documents are refused with the line; so is a key that stands twice.
 */
import { type ConfigSource, configErrors } from './options.ts'

/** Reads the text of a configuration file. Throws CONFIG_BAD_FILE with the line. `name` is shown in errors. */
export function parseConfigFile(name: string, text: string): ConfigSource {
  const values: Record<string, string> = {}
  const open: { readonly indent: number; readonly key: string }[] = []
  const lines = text.split(/\r?\n/)
  for (let index = 0; index < lines.length; index++) {
    const fail = (reason: string) => configErrors.create('BAD_FILE', { file: name, line: index + 1, reason })
    const line = lines[index] as string
    if (/^\s*(#.*)?$/.test(line) || (index === 0 && line.trim() === '---')) continue
    if (/^ *\t/.test(line)) throw fail('indent with spaces, not tabs')
    const match = /^( *)([A-Za-z0-9_.-]+)\s*:(?:\s+(.*))?$/.exec(line)
    if (match === null) throw fail('expected "key: value"')
    const indent = (match[1] as string).length
    for (let last = open.at(-1); last !== undefined && last.indent >= indent; last = open.at(-1)) open.pop()
    const key = [...open.map((level) => level.key), match[2] as string].join('.')
    const value = scalar(match[3] ?? '', fail)
    if (value === undefined) {
      open.push({ indent, key: match[2] as string })
      continue
    }
    if (key in values) throw fail(`${key} stands here twice`)
    values[key] = value
  }
  return { name, values }
}

/** The text of a scalar; undefined when nothing stands there. */
function scalar(raw: string, fail: (reason: string) => Error): string | undefined {
  const quoted = /^(?:"((?:[^"\\]|\\.)*)"|'((?:[^']|'')*)')\s*(?:#.*)?$/.exec(raw)
  if (quoted?.[1] !== undefined) return JSON.parse(`"${quoted[1]}"`) as string
  if (quoted?.[2] !== undefined) return quoted[2].replaceAll("''", "'")
  const plain = raw.replace(/(^|\s)#.*$/, '').trim()
  if (plain === '') return undefined
  if (/^[[\]{}&*|>!%@`"']/.test(plain)) throw fail(`${plain} is not a plain value; quote it`)
  return plain
}
