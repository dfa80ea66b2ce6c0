/**
 * Makes docs/reference/config.md, errors.md and cli.md from the declarations: options, error tables, and the program of
 * the command line. The output is checked in; a test makes it again and compares. The pages name no machine: defaults
 * come from the declarations alone.
 *
 *     node --conditions=source scripts/docs.ts
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Argument, Command, Option as Flag } from 'commander'
import { loadErrorTables } from '../cli/commands/explain.ts'
import { exitCodes, exitCodesByError } from '../cli/exit-codes.ts'
import { allOptions } from '../cli/process-config.ts'
import { createProgram } from '../cli/program.ts'
import { systemTerminal } from '../cli/terminal.ts'
import { type AnyOption, environmentName, type OptionScope } from '../core/config/index.ts'
import { allErrors, type ErrorRow } from '../core/errors.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

const generated =
  '<!-- Made by scripts/docs.ts from the declarations. Do not edit; run `node --conditions=source scripts/docs.ts`. -->\n'

/** What stands in a cell of a table must not end it. */
const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ').replaceAll('<', '&lt;')

const scopes: readonly (readonly [OptionScope, string, string])[] = [
  [
    'job',
    'Jobs',
    'A job sets them in `defineJob`, `run` and `dev` with `-D`; the configuration of a cluster is their default.',
  ],
  ['cluster', 'Cluster', 'The same value for every process of a cluster.'],
  ['jobmanager', 'JobManager', 'Read by the JobManager.'],
  ['taskmanager', 'TaskManager', 'Read by each TaskManager; they may differ.'],
  ['broker', 'Broker', 'Read by the broker.'],
  ['client', 'Client', 'Read by the command line and by clients.'],
]

function defaultOf({ type, default: initial }: AnyOption): string {
  if (initial === undefined) return 'none'
  const text = type.format(initial)
  return text === '' ? 'empty' : `\`${text}\``
}

/** The reference of the configuration. Pure. */
export function configPage(options: readonly AnyOption[] = allOptions()): string {
  const sections = scopes.flatMap(([scope, title, intro]) => {
    const rows = options.filter((each) => each.scope === scope)
    if (rows.length === 0) return []
    const lines = rows.map(
      (each) => `| \`${each.key}\` | ${cell(each.type.name)} | ${cell(defaultOf(each))} | ${cell(each.doc)} |`,
    )
    return [
      `## ${title}\n\n${intro}\n\n| key | value | default | meaning |\n| --- | --- | --- | --- |\n${lines.join('\n')}\n`,
    ]
  })
  const sample = 'execution.checkpointing.min-pause'
  return `# Configuration

${generated}
A process reads, and a later one wins: the file (\`--config FILE\`, or \`millrace.yaml\` in the working directory), the
environment, \`-D key=value\`. As an environment variable a key is written in capitals, with \`_\` for dots and dashes, after
\`MILLRACE_\`: \`${sample}\` is
\`${environmentName(sample)}\`. A key that nobody declared stops the start, and the message names the
nearest one. Durations are written \`500ms\`, \`5s\`, \`1m\`, \`1h\`, \`1d\`; sizes \`512kb\`, \`64mb\`, \`1gb\` (1 kb is 1024
bytes).

The same list in a terminal: \`millrace doctor --options\`.

${sections.join('\n')}`
}

const whose = {
  user: 'author of the job, or caller',
  external: 'whoever runs the outside system or machine',
  internal: 'us: please report it',
}
const again = { never: 'does not help', now: 'may help at once', backoff: 'may help after a while' }

/** The reference of error codes. Load the tables before. Pure. */
export function errorsPage(rows: ReadonlyMap<string, ErrorRow> = allErrors()): string {
  const rooms = new Map<string, [string, ErrorRow][]>()
  for (const [code, row] of [...rows].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const room = code.slice(0, code.indexOf('_'))
    rooms.set(room, [...(rooms.get(room) ?? []), [code, row]])
  }
  const sections = [...rooms].map(([room, entries]) => {
    const items = entries.map(([code, row]) => {
      const exit = exitCodesByError[code] ?? exitCodes.failed
      const hint = row.hint === undefined ? '' : `\n>\n${inline(row.hint)}`
      return `### ${code}\n\n${inline(row.text)}${hint}\n\nTo act: ${whose[row.blame]}. Trying again ${again[row.retry]}. Exit code ${exit}.\n`
    })
    return `## ${room}\n\n${items.join('\n')}`
  })
  return `# Errors

${generated}
Every failure has a code that stays the same between versions. \`{braces}\` are filled in when it happens. In a terminal:
\`millrace explain CODE\`.

${sections.join('\n')}`
}

/** Text of an error as it stands, in a block of its own: it may hold code, braces and line ends. */
const inline = (text: string): string =>
  text
    .split('\n')
    .map((line) => `> ${line.replaceAll('<', '&lt;')}`)
    .join('\n')

const exitMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: 'done',
  failed: 'it failed; the message says why',
  usage: 'the command or the configuration is not understood',
  noCluster: 'no JobManager or no broker answers, or the connection to it was lost',
  notFound: 'the file, job, snapshot or code does not exist',
  conflict: 'it cannot be done in the present state',
  stillRunning: 'we stopped waiting; what was asked for goes on',
}

/** The reference of the command line. Pure. */
export function cliPage(program: Command = createProgram(systemTerminal(false), () => {})): string {
  const verbs = program.commands.flatMap((each) => commandsBelow(each, 'millrace'))
  const codes = Object.entries(exitCodes).map(
    ([name, code]) => `| ${code} | ${exitMeanings[name as keyof typeof exitCodes]} |`,
  )
  return `# Command line

${generated}
${program.description()}

Jobs are named by name, by id, or by the beginning of an id. With \`--json\` the result is JSON on standard output, messages go
to standard error. Colours are left out when the output is not a terminal. Ctrl-C ends the waiting, not what was asked for,
and says how to follow it.

| exit code | meaning |
| --- | --- |
${codes.join('\n')}

${verbs.join('\n')}`
}

function commandsBelow(command: Command, parent: string): string[] {
  const path = `${parent} ${command.name()}`
  if (command.commands.length > 0) {
    const intro = `## ${path}\n\n${sentence(command.description())}\n`
    return [intro, ...command.commands.flatMap((each) => commandsBelow(each, path).map((text) => `#${text}`))]
  }
  const args = command.registeredArguments.map(argumentText).join(' ')
  const usage = [path, args, '[flags]'].filter((part) => part !== '').join(' ')
  const flags = command.options.map(
    (flag) => `| \`${cell(flag.flags).replaceAll('&lt;', '<')}\` | ${cell(flagText(flag))} |`,
  )
  return [
    `## ${path}\n\n${sentence(command.description())}\n\n\`\`\`\n${usage}\n\`\`\`\n\n| flag | meaning |\n| --- | --- |\n${flags.join('\n')}\n`,
  ]
}

const argumentText = (argument: Argument): string =>
  argument.required ? `<${argument.name()}>` : `[${argument.name()}]`

function flagText(flag: Flag): string {
  const choices = flag.argChoices === undefined ? '' : `: ${flag.argChoices.join(' or ')}`
  return `${flag.description}${choices}${flag.mandatory ? ' (required)' : ''}`
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`

/** Pages by file name below docs/reference. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  await loadErrorTables()
  return new Map([
    ['config.md', configPage()],
    ['errors.md', errorsPage()],
    ['cli.md', cliPage()],
  ])
}

if (import.meta.main) {
  mkdirSync(`${root}docs/reference`, { recursive: true })
  for (const [name, text] of await referencePages()) writeFileSync(`${root}docs/reference/${name}`, text)
}
