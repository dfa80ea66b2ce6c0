/**
 * Reads the tables of Kafka messages in proto/kafka/schema. A file holds one API or some records; a message is a list of
 * fields, one per line, nested by indentation:
 *
 *     name: type versions [null versions] [tag number] [= default]
 *
 * `type` is a primitive or the name of a structure, `[]` behind it makes an array, `?` behind all of it means that it may
 * be null in every version that has the field. Versions (`3+`, `2-7`, `4`) are left out where they are those of the parent.
 * `struct Name` begins a structure that several fields of the message use.
 */

export const primitives = [
  'bool',
  'int8',
  'int16',
  'uint16',
  'int32',
  'uint32',
  'int64',
  'float64',
  'uuid',
  'string',
  'bytes',
  'records',
] as const
export type Primitive = (typeof primitives)[number]

/** Versions, both ends included. */
export interface Versions {
  readonly from: number
  readonly to: number
}

export interface SchemaField {
  readonly name: string
  /** A primitive, or the full name of a structure. */
  readonly type: string
  readonly isArray: boolean
  readonly versions: Versions
  /** Versions in which it may be null. */
  readonly nullable?: Versions
  readonly tag?: number
  /** As it is written in TypeScript. */
  readonly default?: string
}

export interface SchemaStruct {
  /** Unique: the message's name in front. */
  readonly name: string
  readonly fields: SchemaField[]
}

export interface SchemaMessage {
  readonly name: string
  readonly versions: Versions
  /** First version with tagged fields and compact lengths; beyond the last where there is none. */
  readonly flexibleFrom: number
  /** The message itself first. */
  readonly structs: SchemaStruct[]
}

export interface SchemaFile {
  /** Undefined for records. */
  readonly api?: { readonly key: number; readonly name: string }
  readonly messages: SchemaMessage[]
}

const never = 32_767

export const isPrimitive = (type: string): type is Primitive => (primitives as readonly string[]).includes(type)

/** Reads the text of one table; throws with the line that it does not understand. */
export function parseSchema(text: string): SchemaFile {
  let api: { key: number; name: string } | undefined
  let title = ''
  let head: { versions: Versions; flexibleFrom: number } = { versions: { from: 0, to: 0 }, flexibleFrom: never }
  const messages: SchemaMessage[] = []
  const open: { indent: number; struct: SchemaStruct; versions: Versions }[] = []
  let message: SchemaMessage | undefined

  const begin = (name: string): void => {
    const struct = { name, fields: [] }
    message = { name, ...head, structs: [struct] }
    messages.push(message)
    open.splice(0, open.length, { indent: 2, struct, versions: head.versions })
  }

  for (const [index, line] of text.split('\n').entries()) {
    const fail = (why: string): never => {
      throw new Error(`line ${index + 1}: ${why}: ${line}`)
    }
    const words = line.trim().split(' ')
    if (line.trim() === '') continue
    if (words[0] === 'api') {
      api = { key: Number(words[1]), name: words[2] }
      continue
    }
    if (words[0] === 'record') {
      title = words[1]
      continue
    }
    if (words[0] === 'versions') {
      const match = /^versions (\d+)(?:-(\d+))?(?:, flexible (\d+)\+)?$/.exec(line) ?? fail('versions')
      const from = Number(match[1])
      head = { versions: { from, to: Number(match[2] ?? from) }, flexibleFrom: Number(match[3] ?? never) }
      continue
    }
    if (line === 'request' || line === 'response') {
      begin(`${api?.name}${line === 'request' ? 'Request' : 'Response'}`)
      continue
    }
    if (line === 'fields') {
      begin(title)
      continue
    }
    if (message === undefined) return fail('a field outside of a message')
    const indent = line.length - line.trimStart().length
    if (words[0] === 'struct') {
      const struct = { name: message.name + words[1], fields: [] }
      message.structs.push(struct)
      open.splice(1, open.length, { indent: 4, struct, versions: head.versions })
      continue
    }
    while (open.length > 1 && open[open.length - 1].indent > indent) open.pop()
    const parent = open[open.length - 1]
    if (parent.indent !== indent) return fail('indentation')
    const field = parseField(line.trim(), parent.versions, message.name) ?? fail('not a field')
    parent.struct.fields.push(field)
    if (!isPrimitive(field.type)) {
      const next = text.split('\n')[index + 1] ?? ''
      if (next.length - next.trimStart().length === indent + 2 && next.trim() !== '' && !/^\s*struct /.test(next)) {
        const struct = { name: field.type, fields: [] }
        if (message.structs.some((each) => each.name === field.type)) return fail('a structure of this name exists')
        message.structs.push(struct)
        open.push({ indent: indent + 2, struct, versions: field.versions })
      }
    }
  }
  return api === undefined ? { messages } : { api, messages }
}

const fieldLine =
  /^(\w+): (\w+)(\[\])?(\?)?(?: (\d+(?:-\d+|\+)?))?(?: null (\d+(?:-\d+|\+)?))?(?: tag (\d+))?(?: = (-?\w+|"[^"]*"))?$/

function parseField(line: string, parent: Versions, message: string): SchemaField | undefined {
  const match = fieldLine.exec(line)
  if (match === null) return undefined
  const [, name, type, array, nullMark, versionText, nullText, tag, value] = match
  const versions = versionText === undefined ? parent : parseVersions(versionText, parent.to)
  const nullable =
    nullMark !== undefined ? versions : nullText === undefined ? undefined : parseVersions(nullText, versions.to)
  return {
    name,
    type: isPrimitive(type) ? type : message + type,
    isArray: array !== undefined,
    versions,
    ...(nullable === undefined ? {} : { nullable }),
    ...(tag === undefined ? {} : { tag: Number(tag) }),
    ...(value === undefined ? {} : { default: value.startsWith('"') ? `'${value.slice(1, -1)}'` : value }),
  }
}

function parseVersions(text: string, last: number): Versions {
  const [from, to] = text.split('-')
  if (from.endsWith('+')) return { from: Number(from.slice(0, -1)), to: last }
  return { from: Number(from), to: Number(to ?? from) }
}
