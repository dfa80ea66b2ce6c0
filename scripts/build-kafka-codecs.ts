/**
 * Writes proto/kafka/messages from the tables in proto/kafka/schema: one module per table with interfaces and straight-line
 * readers and writers, and apis.ts with the table of all APIs. The output is committed; a test compares it with a fresh run.
 * What a message looks like: absent fields have their defaults, a tagged structure that is absent is null, fields that a
 * version does not have are left out silently when it is written.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import {
  isPrimitive,
  parseSchema,
  type SchemaField,
  type SchemaFile,
  type SchemaMessage,
  type SchemaStruct,
  type Versions,
} from './kafka-schema.ts'

const schemaFolder = fileURLToPath(new URL('../proto/kafka/schema/', import.meta.url))
const outputFolder = fileURLToPath(new URL('../proto/kafka/messages/', import.meta.url))

/** Every table by its file name without ending. */
export function loadSchemas(): Map<string, SchemaFile> {
  const files = new Map<string, SchemaFile>()
  for (const name of readdirSync(schemaFolder).sort()) {
    if (!name.endsWith('.schema')) continue
    try {
      files.set(name.slice(0, -'.schema'.length), parseSchema(readFileSync(schemaFolder + name, 'utf8')))
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error })
    }
  }
  return files
}

/** The text of every generated module by its file name. */
export function generateCodecs(): Map<string, string> {
  const schemas = loadSchemas()
  const modules = new Map<string, string>()
  for (const [name, file] of schemas) modules.set(`${name}.ts`, moduleOf(name, file))
  modules.set('apis.ts', apisModule(schemas))
  return modules
}

function moduleOf(name: string, file: SchemaFile): string {
  const body = file.messages.map(messageCode).join('\n')
  const imports = [
    ['KafkaReader', "import type { KafkaReader } from '../reader.ts'"],
    ['zeroUuid', "import { zeroUuid } from '../reader.ts'"],
    ['KafkaRecords', "import type { KafkaRecords } from '../writer.ts'"],
    ['KafkaWriter', "import type { KafkaWriter } from '../writer.ts'"],
    ['present', "import { present } from '../writer.ts'"],
  ].filter(([symbol]) => new RegExp(`\\b${symbol}\\b`).test(body))
  const empty = /\bemptyBytes\b/.test(body) ? '\nconst emptyBytes = Buffer.alloc(0)\n' : ''
  return `// Made by scripts/build-kafka-codecs.ts from schema/${name}.schema. Do not edit.\n${imports.map(([, line]) => `${line}\n`).join('')}${empty}\n${body}`
}

function messageCode(message: SchemaMessage): string {
  const coder = new MessageCoder(message)
  return message.structs.map((struct, index) => coder.struct(struct, index === 0)).join('\n')
}

class MessageCoder {
  readonly message: SchemaMessage
  readonly flexible: string

  constructor(message: SchemaMessage) {
    this.message = message
    const { versions, flexibleFrom } = message
    this.flexible =
      flexibleFrom <= versions.from ? 'true' : flexibleFrom > versions.to ? 'false' : `version >= ${flexibleFrom}`
  }

  struct(struct: SchemaStruct, isMessage: boolean): string {
    const { from, to } = this.message.versions
    const about = isMessage ? `/** Versions ${from === to ? from : `${from} to ${to}`}. */\n` : ''
    const fields = struct.fields.map((field) => `  ${field.name}: ${this.type(field)}\n`).join('')
    const read = this.body(this.readBody(struct))
    const write = this.body(this.writeBody(struct))
    const visibility = isMessage ? 'export ' : ''
    const readName = `read${struct.name}`
    return [
      `${about}export interface ${struct.name} {\n${fields}}\n`,
      `${visibility}function ${readName}(reader: KafkaReader, ${argument(read)}: number): ${struct.name} {\n${read}}\n`,
      `${visibility}function write${struct.name}(${/\bwriter\b/.test(write) ? '' : '_'}writer: KafkaWriter, ${/\bmessage\b/.test(write) ? '' : '_'}message: ${struct.name}, ${argument(write)}: number): void {\n${write}}\n`,
    ].join('\n')
  }

  body(lines: string): string {
    const constant = this.flexible === 'true' || this.flexible === 'false'
    if (constant) return lines.replace(/\bflexible\b/g, this.flexible)
    return /\bflexible\b/.test(lines) ? `  const flexible = ${this.flexible}\n${lines}` : lines
  }

  type(field: SchemaField): string {
    const item = this.itemType(field.type)
    const whole = field.isArray ? `${item}[]` : item
    return this.canBeNull(field) && item !== 'KafkaRecords' ? `${whole} | null` : whole
  }

  itemType(type: string): string {
    if (!isPrimitive(type)) return type
    if (type === 'bool') return 'boolean'
    if (type === 'string' || type === 'uuid') return 'string'
    if (type === 'bytes') return 'Buffer'
    // A response is written from parts; a request is always read from one Buffer.
    if (type === 'records') return this.message.name.endsWith('Response') ? 'KafkaRecords' : 'Buffer'
    return 'number'
  }

  isTaggedStruct(field: SchemaField): boolean {
    if (isPrimitive(field.type) || field.isArray) return false
    if (field.tag === undefined)
      throw new Error(`${this.message.name}.${field.name}: only tagged structures can be alone`)
    return true
  }

  canBeNull(field: SchemaField): boolean {
    return field.nullable !== undefined || this.isTaggedStruct(field)
  }

  /** What a field is in a version that does not have it. */
  missing(field: SchemaField): string {
    if (this.isTaggedStruct(field) || field.default === 'null') return 'null'
    if (field.isArray) return '[]'
    if (field.default !== undefined) return field.default
    if (field.type === 'bool') return 'false'
    if (field.type === 'string') return "''"
    if (field.type === 'uuid') return 'zeroUuid'
    if (field.type === 'bytes') return 'emptyBytes'
    if (field.type === 'records') return 'null'
    return '0'
  }

  /** Whether `version` has something that exists in `inner`, given that it lies in `outer`; '' for always. */
  when(inner: Versions, outer: Versions = this.message.versions): string {
    const parts: string[] = []
    if (inner.from > outer.from) parts.push(`version >= ${inner.from}`)
    if (inner.to < outer.to) parts.push(`version <= ${inner.to}`)
    return parts.join(' && ')
  }

  readBody(struct: SchemaStruct): string {
    const plain = struct.fields.filter((field) => field.tag === undefined)
    const tagged = struct.fields.filter((field) => field.tag !== undefined)
    let code = ''
    for (const field of plain) {
      const condition = this.when(field.versions)
      if (field.isArray && condition === '') code += this.readArray(field, field.name, true)
      else if (field.isArray) {
        code += `  let ${field.name}: ${this.type(field)} = ${this.missing(field)}\n`
        code += block(condition, this.readArray(field, field.name))
      } else {
        const value = this.readOne(field)
        code += `  const ${field.name} = ${condition === '' ? value : `${condition} ? ${value} : ${this.missing(field)}`}\n`
      }
    }
    for (const field of tagged) code += `  let ${field.name}: ${this.type(field)} = ${this.missing(field)}\n`
    if (this.flexible !== 'false') {
      code += '  if (flexible) {\n'
      if (tagged.length === 0) code = `${code.slice(0, -2).trimEnd()} reader.skipTags()\n`
      else {
        code += '    for (let left = reader.unsignedVarint(); left > 0; left--) {\n'
        code += '      const tag = reader.unsignedVarint()\n      const end = reader.tagEnd()\n      switch (tag) {\n'
        for (const field of tagged) {
          const condition = this.when(field.versions, this.flexibleVersions())
          const value = field.isArray ? this.readArray(field, field.name) : `  ${field.name} = ${this.readOne(field)}\n`
          const known = `${value}  reader.endTag(tag, end)\n`
          code += `        case ${field.tag}: {\n`
          code +=
            condition === ''
              ? indent(known, 4)
              : `          if (${condition}) {\n${indent(known, 5)}          } else reader.at = end\n`
          code += '          break\n        }\n'
        }
        code += '        default:\n          reader.at = end\n      }\n    }\n  }\n'
      }
    }
    return `${code}  return { ${struct.fields.map((field) => field.name).join(', ')} }\n`
  }

  flexibleVersions(): Versions {
    const { from, to } = this.message.versions
    return { from: Math.max(from, this.message.flexibleFrom), to }
  }

  readOne(field: SchemaField): string {
    if (!isPrimitive(field.type)) return `read${field.type}(reader, version)`
    if (field.type === 'string' || field.type === 'bytes' || field.type === 'records') {
      const method = field.type === 'string' ? 'string' : 'bytes'
      const plain = `reader.${method}(flexible)`
      if (field.nullable === undefined) return plain
      const nullable = `reader.nullable${method === 'string' ? 'String' : 'Bytes'}(flexible)`
      const condition = this.when(field.nullable, field.versions)
      return condition === '' ? nullable : `(${condition} ? ${nullable} : ${plain})`
    }
    return `reader.${field.type}()`
  }

  readArray(field: SchemaField, name: string, declare = false): string {
    const least = this.bytesMin(field.type)
    const plain = `reader.arrayLength(flexible, ${least})`
    const nullable = `reader.nullableArrayLength(flexible, ${least})`
    const condition = field.nullable === undefined ? undefined : this.when(field.nullable, field.versions)
    const length =
      condition === undefined ? plain : condition === '' ? nullable : `${condition} ? ${nullable} : ${plain}`
    const item = isPrimitive(field.type)
      ? this.readOne({ name: field.name, type: field.type, isArray: false, versions: field.versions })
      : `read${field.type}(reader, version)`
    let code = `  const ${name}Count = ${length}\n`
    const list = field.nullable === undefined && declare ? name : `${name}Items`
    code += `  const ${list}: ${this.itemType(field.type)}[] = reader.list(${name}Count)\n`
    code += `  for (let index = 0; index < ${name}Count; index++) ${list}[index] = ${item}\n`
    if (list !== name) {
      const value = field.nullable === undefined ? list : `${name}Count < 0 ? null : ${list}`
      code += declare ? `  const ${name} = ${value}\n` : `  ${name} = ${value}\n`
    }
    return code
  }

  /** The fewest bytes that a value can take, in any version; 1 at least. */
  bytesMin(type: string): number {
    const sizes: Readonly<Record<string, number>> = {
      bool: 1,
      int8: 1,
      int16: 2,
      uint16: 2,
      int32: 4,
      uint32: 4,
      int64: 8,
      float64: 8,
      uuid: 16,
    }
    const rigid: Readonly<Record<string, number>> = { string: 2, bytes: 4, records: 4 }
    const flexible = this.flexible !== 'false'
    if (isPrimitive(type)) return sizes[type] ?? (flexible ? 1 : rigid[type])
    const struct = this.message.structs.find((each) => each.name === type)
    if (struct === undefined) throw new Error(`${this.message.name}: no structure ${type}`)
    let bytes = 0
    for (const field of struct.fields) {
      const { from, to } = this.message.versions
      if (field.tag !== undefined || field.versions.from > from || field.versions.to < to) continue
      bytes += field.isArray ? (flexible ? 1 : 4) : this.bytesMin(field.type)
    }
    return Math.max(1, bytes)
  }

  writeBody(struct: SchemaStruct): string {
    let code = ''
    for (const field of struct.fields) {
      if (field.tag !== undefined) continue
      code += block(this.when(field.versions), this.writeField(field))
    }
    if (this.flexible === 'false') return code
    const tagged = struct.fields.filter((field) => field.tag !== undefined)
    tagged.sort((a, b) => (a.tag ?? 0) - (b.tag ?? 0))
    if (tagged.length === 0) return `${code}  if (flexible) writer.unsignedVarint(0)\n`
    code += '  if (flexible) {\n'
    for (const field of tagged) {
      const condition = this.when(field.versions, this.flexibleVersions())
      code += `    const has${capital(field.name)} = ${condition === '' ? '' : `${condition} && `}${this.isSet(field)}\n`
    }
    const count = tagged.map((field) => `(has${capital(field.name)} ? 1 : 0)`).join(' + ')
    code += `    writer.unsignedVarint(${count})\n`
    for (const field of tagged) {
      code += `    if (has${capital(field.name)}) {\n      writer.unsignedVarint(${field.tag})\n      const mark = writer.beginSized()\n`
      code += indent(this.writeField(field), 2)
      code += '      writer.endSized(mark)\n    }\n'
    }
    return `${code}  }\n`
  }

  isSet(field: SchemaField): string {
    const value = `message.${field.name}`
    const missing = this.missing(field)
    if (missing === '[]') return `${value}.length > 0`
    if (missing === 'emptyBytes') return `${value}.length > 0`
    return `${value} !== ${missing}`
  }

  writeField(field: SchemaField): string {
    const value = `message.${field.name}`
    if (field.isArray) return this.writeArray(field, value)
    if (!isPrimitive(field.type)) return `  if (${value} !== null) write${field.type}(writer, ${value}, version)\n`
    return `  ${this.writeOne(field, value)}\n`
  }

  writeOne(field: SchemaField, value: string): string {
    if (!isPrimitive(field.type)) return `write${field.type}(writer, ${value}, version)`
    const { type } = field
    if (type === 'string' || type === 'bytes' || type === 'records') {
      if (type === 'records' && this.itemType(type) === 'KafkaRecords') return `writer.records(${value}, flexible)`
      const method = type === 'string' ? 'string' : 'bytes'
      if (field.nullable === undefined) return `writer.${method}(${value}, flexible)`
      const nullable = `writer.nullable${method === 'string' ? 'String' : 'Bytes'}(${value}, flexible)`
      const condition = this.when(field.nullable, field.versions)
      if (condition === '') return nullable
      return `if (${condition}) ${nullable}\n  else writer.${method}(present(${value}, '${field.name}', version), flexible)`
    }
    return `writer.${type}(${value})`
  }

  writeArray(field: SchemaField, value: string): string {
    const one = { name: field.name, type: field.type, isArray: false, versions: field.versions }
    const items = (list: string): string =>
      `  writer.arrayLength(${list}.length, flexible)\n  for (let index = 0; index < ${list}.length; index++) ${this.writeOne(one, `${list}[index]`)}\n`
    if (field.nullable === undefined) return items(value)
    const condition = this.when(field.nullable, field.versions)
    const name = `${field.name}Items`
    if (condition === '') {
      return `  const ${name} = ${value}\n  if (${name} === null) writer.nullArray(flexible)\n  else {\n${indent(items(name), 1)}  }\n`
    }
    return `  const ${name} = ${condition} ? ${value} : present(${value}, '${field.name}', version)\n  if (${name} === null) writer.nullArray(flexible)\n  else {\n${indent(items(name), 1)}  }\n`
  }
}

const capital = (name: string): string => name[0].toUpperCase() + name.slice(1)
const argument = (code: string): string => (/\bversion\b/.test(code) ? 'version' : '_version')

function indent(code: string, levels: number): string {
  return code.replace(/^(?=.)/gm, '  '.repeat(levels))
}

function block(condition: string, code: string): string {
  // Arrays declare names of their own.
  if (condition === '') return code.includes('const ') ? `  {\n${indent(code, 1)}  }\n` : code
  return `  if (${condition}) {\n${indent(code, 1)}  }\n`
}

function apisModule(schemas: ReadonlyMap<string, SchemaFile>): string {
  const apis = [...schemas].flatMap(([file, { api, messages }]) => (api === undefined ? [] : [{ file, api, messages }]))
  apis.sort((a, b) => a.api.key - b.api.key)
  let code = '// Made by scripts/build-kafka-codecs.ts from the tables in schema. Do not edit.\n'
  for (const { file, api } of apis) {
    const symbols = ['Request', 'Response'].flatMap((kind) => [`read${api.name}${kind}`, `write${api.name}${kind}`])
    code += `import { ${symbols.join(', ')} } from './${file}.ts'\n`
  }
  code += '\n/** Every API whose messages can be read and written, by name. */\nexport const apis = {\n'
  for (const { api, messages } of apis) {
    const { versions, flexibleFrom } = messages[0]
    const { versions: other, flexibleFrom: otherFlexible } = messages[1]
    if (versions.to !== other.to || versions.from !== other.from || flexibleFrom !== otherFlexible) {
      throw new Error(`${api.name}: request and response differ in versions`)
    }
    code += `  ${api.name}: {\n    key: ${api.key},\n    name: '${api.name}',\n    lowest: ${versions.from},\n    highest: ${versions.to},\n    flexibleFrom: ${flexibleFrom},\n`
    code += `    readRequest: read${api.name}Request,\n    writeRequest: write${api.name}Request,\n    readResponse: read${api.name}Response,\n    writeResponse: write${api.name}Response,\n  },\n`
  }
  return `${code}} as const\n`
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  rmSync(outputFolder, { recursive: true, force: true })
  const { mkdirSync } = await import('node:fs')
  mkdirSync(outputFolder)
  for (const [name, text] of generateCodecs()) writeFileSync(outputFolder + name, text)
}
