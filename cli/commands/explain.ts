/** `millrace explain CODE`: what an error means and what to do, from the tables themselves. */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { nearest } from '../../core/config/index.ts'
import { allErrors } from '../../core/errors.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Terminal, table } from '../terminal.ts'

const here = fileURLToPath(new URL('../../', import.meta.url))
const rooms = ['core', 'proto', 'sdk', 'sql', 'connectors', 'taskmanager', 'jobmanager', 'broker', 'cli']

/** Loads every module that declares a table. They are few, and a table has no side effect but being known. */
export async function loadErrorTables(): Promise<void> {
  const extension = import.meta.url.endsWith('.ts') ? '.ts' : '.js'
  const visit = (directory: string): string[] =>
    readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
      const path = `${directory}/${entry.name}`
      if (entry.isDirectory()) return entry.name === 'generated' || entry.name === 'assembly' ? [] : visit(path)
      const declares = entry.name.endsWith(extension) && !/^(main|worker)\./.test(entry.name)
      return declares && /= defineErrors\(/.test(readFileSync(path, 'utf8')) ? [path] : []
    })
  const present = new Set(readdirSync(here))
  const files = rooms.filter((room) => present.has(room)).flatMap((room) => visit(here + room))
  for (const file of files) await import(pathToFileURL(file).href)
}

const whose = {
  user: 'the author of the job, or whoever called',
  external: 'whoever runs the outside system or the machine',
  internal: 'us: please report it',
} as const

const again = { never: 'does not help', now: 'may help at once', backoff: 'may help after a while' } as const

export async function explain(terminal: Terminal, code: string | undefined): Promise<ExitCode> {
  await loadErrorTables()
  const rows = allErrors()
  if (code === undefined) {
    if (terminal.json) terminal.out(JSON.stringify(Object.fromEntries(rows)))
    else
      for (const line of table(
        ['CODE', 'TEXT'],
        [...rows].sort().map(([name, row]) => [name, row.text]),
      ))
        terminal.out(line)
    return exitCodes.ok
  }
  const wanted = code.toUpperCase().replaceAll('-', '_')
  const row = rows.get(wanted)
  if (row === undefined) {
    const near = nearest(wanted, rows.keys())
    const suggestion = near === undefined ? ' All of them: millrace explain' : ` Did you mean ${near}?`
    throw cliErrors.create('UNKNOWN_CODE', { error: code, suggestion })
  }
  if (terminal.json) terminal.out(JSON.stringify({ code: wanted, ...row }))
  else {
    terminal.out(terminal.style('bold', wanted))
    terminal.out(`  ${row.text}`)
    if (row.hint !== undefined) terminal.out(`  ${row.hint}`)
    terminal.out(`  Who has to act: ${whose[row.blame]}. Trying again ${again[row.retry]}.`)
  }
  return exitCodes.ok
}
