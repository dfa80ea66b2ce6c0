/**
 * Makes proto/generated from proto/*.proto: messages.js (encoders and decoders, by pbjs), messages.d.ts, shapes.ts (the
 * plain objects that travel, as TypeScript), services.ts (method tables for gRPC) and protocol.ts (the version that processes
 * tell each other). The output is checked in; a test builds it again and compares. `--out DIR` writes elsewhere. Does nothing
 * when the output is that of these sources.
 *
 * The version rises by itself with every change of what travels: a field, a type, a number, a method. Comments do not count.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import protobuf from 'protobufjs'
import { canonicalJson } from '../proto/jobgraph/canonical.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const require = createRequire(import.meta.url)
const sources = readdirSync(join(root, 'proto'))
  .filter((name) => name.endsWith('.proto'))
  .sort()
  .map((name) => join(root, 'proto', name))

const header = '// Generated from the .proto files by scripts/build-proto.ts. Do not edit.\n'

function stampOf(): string {
  const hash = createHash('sha256')
  for (const file of [...sources, fileURLToPath(import.meta.url)]) hash.update(readFileSync(file))
  return `${hash.digest('hex')}\n`
}

/** Runs pbjs in this process. */
function pbjs(args: readonly string[]): Promise<string> {
  const tool = require('protobufjs-cli').pbjs as {
    main(args: readonly string[], done: (error: Error | null, output?: string) => void): unknown
  }
  return new Promise((resolve, reject) => {
    tool.main(args, (error, output) => (error === null ? resolve(output ?? '') : reject(error)))
  })
}

const scalars: Readonly<Record<string, string>> = {
  string: 'string',
  bytes: 'Uint8Array',
  bool: 'boolean',
  double: 'number',
  float: 'number',
  uint32: 'number',
  int32: 'number',
}

function typeOf(field: protobuf.Field): string {
  const base = scalars[field.type] ?? field.type
  if (field instanceof protobuf.MapField) return `Readonly<Record<string, ${base}>>`
  return field.repeated ? `readonly ${base}[]` : base
}

function comment(text: string | null, indent: string): string {
  return text === null || text === '' ? '' : `${indent}/** ${text.replaceAll('\n', ' ')} */\n`
}

/** A message as an interface; one with a oneof called `message` as a union told apart by `kind`. */
function shape(type: protobuf.Type): string {
  const choice = type.oneofs?.message
  if (choice !== undefined) {
    const members = choice.fieldsArray.map((field) => {
      const body = scalars[field.type] === undefined ? field.type : `{ readonly value: ${scalars[field.type]} }`
      return `${comment(field.comment, '  ')}  | ({ readonly kind: '${field.name}' } & ${body})\n`
    })
    return `${comment(type.comment, '')}export type ${type.name} =\n${members.join('')}`
  }
  const fields = type.fieldsArray.map((field) => {
    const message = scalars[field.type] === undefined && !field.repeated
    const optional = field.partOf !== null || message ? '?' : ''
    const also = optional === '?' ? ' | undefined' : ''
    return `${comment(field.comment, '  ')}  readonly ${field.name}${optional}: ${typeOf(field)}${also}\n`
  })
  return `${comment(type.comment, '')}export interface ${type.name} {\n${fields.join('')}}\n`
}

function namespacesOf(tree: protobuf.Root): protobuf.Namespace[] {
  return (tree.lookup('millrace') as protobuf.Namespace).nestedArray.filter(
    (each) => each instanceof protobuf.Namespace,
  )
}

function typesOf(space: protobuf.Namespace): protobuf.Type[] {
  return space.nestedArray.filter((each) => each instanceof protobuf.Type)
}

function shapes(tree: protobuf.Root): string {
  return `${header}\n${namespacesOf(tree)
    .flatMap((space) => typesOf(space).map(shape))
    .join('\n')}`
}

function declarations(tree: protobuf.Root): string {
  const spaces = namespacesOf(tree).map((space) => {
    const members = typesOf(space).map((type) => `    readonly ${type.name}: Message\n`)
    return `  readonly ${space.name}: {\n${members.join('')}  }\n`
  })
  return `${header}
export interface Message {
  encode(message: object): { finish(): Uint8Array }
  decode(bytes: Uint8Array): object
  fromObject(value: object): object
  toObject(message: object, options: object): Record<string, unknown>
}

export const millrace: {
${spaces.join('')}}
`
}

function services(tree: protobuf.Root): string {
  let out = `${header}import { millrace } from './messages.js'\nimport type * as shapes from './shapes.ts'\n`
  out += `import { method } from '../rpc/method.ts'\n`
  for (const space of namespacesOf(tree)) {
    for (const service of space.nestedArray.filter((each) => each instanceof protobuf.Service)) {
      const name = `${service.name[0].toLowerCase()}${service.name.slice(1)}Methods`
      const methods = service.methodsArray.map((each) => {
        const key = `${each.name[0].toLowerCase()}${each.name.slice(1)}`
        const input = `millrace.${space.name}.${each.requestType}`
        const output = `millrace.${space.name}.${each.responseType}`
        const path = `/millrace.${space.name}.${service.name}/${each.name}`
        const flags = `${each.requestStream === true}, ${each.responseStream === true}`
        const types = `<shapes.${each.requestType}, shapes.${each.responseType}>`
        return `${comment(each.comment, '  ')}  ${key}: method${types}('${path}', ${flags}, ${input}, ${output}),\n`
      })
      out += `\n${comment(service.comment, '')}export const ${name} = {\n${methods.join('')}}\n`
    }
  }
  return out
}

/** What travels, without what is only for people: two protocols with the same digest understand each other. */
export function protocolDigest(tree: protobuf.Root): string {
  // Without comments by itself; the order of fields in a file is not the order of their numbers.
  return createHash('sha256').update(canonicalJson(tree.toJSON())).digest('hex')
}

export interface Protocol {
  readonly version: number
  readonly digest: string
}

/** The next version of what was `kept`, if anything that travels has changed. */
export function nextProtocol(kept: Protocol, digest: string): Protocol {
  return kept.digest === digest ? kept : { version: kept.version + 1, digest }
}

function keptProtocol(): Protocol {
  const text = readFileSync(join(root, 'proto/generated/protocol.ts'), 'utf8')
  const version = /protocolVersion = (\d+)/.exec(text)?.[1]
  const digest = /protocolDigest = '([0-9a-f]{64})'/.exec(text)?.[1]
  if (version === undefined || digest === undefined)
    throw new Error('proto/generated/protocol.ts is broken: take it from the last commit')
  return { version: Number(version), digest }
}

function protocol({ version, digest }: Protocol): string {
  return `${header}
/** Rises with every change of what travels. Processes of different versions refuse each other with a sentence. */
export const protocolVersion = ${version}
/** SHA-256 of the messages and methods that the version stands for. */
export const protocolDigest = '${digest}'
`
}

/** Writes the generated files into `directory`. Returns their names. */
export async function buildProto(directory: string): Promise<string[]> {
  const flags = ['--no-verify', '--no-delimited', '--no-create', '--no-service', '--no-typeurl', '--no-comments']
  const code = await pbjs(['-t', 'static-module', '-w', 'es6', ...flags, ...sources])
  const tree = new protobuf.Root()
  for (const file of sources) {
    const options = { alternateCommentMode: true, preferTrailingComment: false, keepCase: false }
    protobuf.parse(readFileSync(file, 'utf8'), tree, options)
  }
  tree.resolveAll()
  const files: Readonly<Record<string, string>> = {
    // A CommonJS module: its names are known only at run time.
    'messages.js':
      header +
      code.replace('import * as $protobuf from "protobufjs/minimal"', 'import $protobuf from "protobufjs/minimal.js"'),
    'messages.d.ts': declarations(tree),
    'shapes.ts': shapes(tree),
    'services.ts': services(tree),
    'protocol.ts': protocol(nextProtocol(keptProtocol(), protocolDigest(tree))),
    'sources.sha256': stampOf(),
  }
  mkdirSync(directory, { recursive: true })
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name)
    if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text)
  }
  return Object.keys(files)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--out')
  const directory = at > 0 ? process.argv[at + 1] : join(root, 'proto/generated')
  const stamp = join(directory, 'sources.sha256')
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== stampOf()) await buildProto(directory)
}
