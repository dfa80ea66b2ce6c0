/**
 * The rules of the house, as functions from one file to what is wrong with it. They go by folder and file name alone;
 * there is no list of exceptions.
 */
import { posix } from 'node:path'
import { lineAt, namedModules, readSource, type SourceText } from './source-text.ts'

export interface HouseFile {
  /** From the root, with slashes. */
  readonly path: string
  readonly text: string
}

export type Rule = (file: HouseFile, source: SourceText) => string[]

/** Rooms in which our product lives, and the rooms that each may lean on besides itself. */
export const floors: Readonly<Record<string, readonly string[]>> = {
  core: [],
  proto: ['core'],
  sdk: ['core', 'proto'],
  sql: ['core', 'proto', 'sdk'],
  connectors: ['core', 'proto', 'sdk'],
  taskmanager: ['core', 'proto', 'sdk'],
  jobmanager: ['core', 'proto'],
  broker: ['core', 'proto'],
}

/** Rooms that wire, try or show: they may lean on everything. */
export const wiringRooms: readonly string[] = ['cli', 'examples', 'bench', 'test', 'scripts', 'bin']

export const lineLimit = 450

const room = (path: string): string => path.split('/')[0] as string
/** The door of the package and the entries of its processes. */
const isMain = (path: string): boolean => path === 'millrace.ts' || /^[^/]+\/main\.ts$/.test(path)
const wires = (path: string): boolean => wiringRooms.includes(room(path)) || isMain(path)
const isAssembly = (path: string): boolean => path.startsWith('core/kernels/assembly/')

function target(path: string, specifier: string): string | undefined {
  if (specifier.startsWith('.')) return posix.normalize(posix.join(posix.dirname(path), specifier))
  if (specifier === 'millrace' || specifier.startsWith('millrace/')) return 'millrace.ts'
  return undefined
}

/** Lower floors only. */
export const leansOnLowerFloors: Rule = (file, source) => {
  if (wires(file.path) || isAssembly(file.path)) return []
  const own = room(file.path)
  const allowed = floors[own]
  if (allowed === undefined) return [`${file.path}: no room of the house is called ${own}`]
  return namedModules(source).flatMap(({ specifier, line }) => {
    const other = target(file.path, specifier)
    if (other === undefined || room(other) === own || allowed.includes(room(other))) return []
    return [`${file.path}:${line}: ${own} must not lean on ${other}`]
  })
}

/** Inside of a TaskManager, from the lowest. */
const taskManagerRooms = ['state', 'operators', 'network', 'task', 'slot', 'control']

/** State knows no operators, operators no tasks, and so on up to the control thread. */
export const taskManagerLeansDownward: Rule = (file, source) => {
  const floorOf = (path: string): number =>
    room(path) === 'taskmanager' ? taskManagerRooms.indexOf(path.split('/')[1] as string) : -1
  const own = floorOf(file.path)
  if (own < 0) return []
  return namedModules(source)
    .filter(({ specifier }) => floorOf(target(file.path, specifier) ?? '') > own)
    .map(({ specifier, line }) => `${file.path}:${line}: ${taskManagerRooms[own]} must not lean on ${specifier}`)
}

const doors = /^node:(fs|fs\/promises|net|tls|dgram|worker_threads|child_process|timers|timers\/promises)$/
const ambient =
  /(?<![.\w$])(?:Date\.now\b|new\s+Date\(\s*\)|performance\.now\b|Math\.random\b|(?:globalThis\.)?(?:setTimeout|setInterval|setImmediate)\b)/g

/** Clock, disk, sockets, threads, processes and randomness come in through core/platform. */
export const outsideComesThroughPlatform: Rule = (file, source) => {
  if (wires(file.path) || file.path.startsWith('core/platform/') || isAssembly(file.path)) return []
  const imports = namedModules(source)
    .filter((each) => doors.test(each.specifier) || doors.test(`node:${each.specifier}`))
    .filter((each) => !each.typeOnly)
    .map(({ specifier, line }) => `${file.path}:${line}: ${specifier} is for core/platform`)
  const uses = [...withoutMembers(source.bare).matchAll(ambient)].map(
    (match) =>
      `${file.path}:${lineAt(source.bare, match.index)}: ${match[0]} is for core/platform (take a Clock or Random)`,
  )
  return [...imports, ...uses]
}

/** Blanks the names of methods that are declared, `setTimeout(task: …): …` in a class or an interface. */
function withoutMembers(bare: string): string {
  return bare.replace(/^(\s+)(setTimeout|setInterval|setImmediate)(?=\(\w+:|\??:)/gm, (whole) =>
    ' '.repeat(whole.length),
  )
}

/** Environment, arguments and the end of the process belong to whoever wires. */
export const processBelongsToMain: Rule = (file, source) => {
  if (wires(file.path)) return []
  return [...source.bare.matchAll(/\bprocess\s*\.\s*(?:env|argv|exit|exitCode)\b/g)].map(
    (match) => `${file.path}:${lineAt(source.bare, match.index)}: ${match[0]} is for cli and main.ts`,
  )
}

/** Operators know no network, the log knows no socket. */
export const innerRoomsKnowNoNetwork: Rule = (file, source) => {
  if (!/^(taskmanager\/operators|broker\/log)\//.test(file.path)) return []
  return namedModules(source)
    .filter(({ specifier }) =>
      /(^|\/)(net|network|net\.ts|grpc|grpc-js)(\/|$)/.test(target(file.path, specifier) ?? specifier),
    )
    .map(({ specifier, line }) => `${file.path}:${line}: ${specifier}: no network in this folder`)
}

/** Files that decide are pure: they import no platform and nothing asynchronous from it. */
export const decisionsArePure: Rule = (file, source) => {
  if (!/(^|\/)(decide|state)\.ts$/.test(file.path) || room(file.path) !== 'jobmanager') return []
  const doorsHere = namedModules(source)
    .filter(({ specifier, typeOnly }) => !typeOnly && /core\/platform\//.test(target(file.path, specifier) ?? ''))
    .map(({ specifier, line }) => `${file.path}:${line}: ${specifier}: a decision is pure`)
  const waits = [...source.bare.matchAll(/\bawait\b/g)].map(
    (match) => `${file.path}:${lineAt(source.bare, match.index)}: await: a decision is pure`,
  )
  return [...doorsHere, ...waits]
}

export const isShort: Rule = (file) => {
  const lines = file.text.split('\n').length - 1
  return lines > lineLimit ? [`${file.path}: ${lines} lines, ${lineLimit} is the limit: it holds two ideas`] : []
}

/** Tests open with their titles, which say more. */
export const opensWithComment: Rule = (file) =>
  file.path.endsWith('.test.ts') || /^(#![^\n]*\n)?\/[/*]\*?\s*\S/.test(file.text)
    ? []
    : [`${file.path}: open with a comment: what it is, what it promises, its concurrency rule`]

const postponed = new RegExp(
  `\\b(${['TO', 'FIX'].map((head) => head + (head === 'TO' ? 'DO' : 'ME')).join('|')})\\b`,
  'g',
)

export const postponesNothing: Rule = (file) =>
  [...file.text.matchAll(postponed)].map((match) => `${file.path}:${lineAt(file.text, match.index)}: ${match[0]}`)

/** Only a user's job has a default export. */
export const exportsByName: Rule = (file, source) => {
  if (wires(file.path) || isAssembly(file.path)) return []
  return [...source.bare.matchAll(/\bexport\s+default\b/g)].map(
    (match) => `${file.path}:${lineAt(source.bare, match.index)}: export by name`,
  )
}

/** What people read must not tell of a machine: no absolute paths of one. */
export const namesNoMachine: Rule = (file) =>
  [...file.text.matchAll(/(?<![\w.:/])\/(?:home|Users|root|work|tmp)\/[\w.-]+/g)]
    .filter(() => room(file.path) !== 'test')
    .map((match) => `${file.path}:${lineAt(file.text, match.index)}: ${match[0]} is a path of one machine`)

export const rules: Readonly<Record<string, Rule>> = {
  'leans on lower floors only': leansOnLowerFloors,
  'leans downward inside of a TaskManager': taskManagerLeansDownward,
  'reaches clock, disk, sockets, threads and chance through core/platform': outsideComesThroughPlatform,
  'leaves environment, arguments and exit to cli and main.ts': processBelongsToMain,
  'keeps the network out of operators and log': innerRoomsKnowNoNetwork,
  'decides without side effects': decisionsArePure,
  'keeps files short': isShort,
  'opens each file with a comment': opensWithComment,
  'postpones nothing in comments': postponesNothing,
  'exports by name': exportsByName,
  'names no path of one machine': namesNoMachine,
}

/** Everything that a rule finds in a file. */
export function check(rule: Rule, file: HouseFile): string[] {
  return rule(file, readSource(file.text))
}
