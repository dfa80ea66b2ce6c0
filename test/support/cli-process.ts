/** The command line as a user starts it: a process, its output line by line, its exit code. */
import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const entry = fileURLToPath(new URL('../../bin/millrace.cjs', import.meta.url))

export interface Ended {
  readonly code: number | null
  readonly out: string
  /** What went to standard error. */
  readonly notes: string
}

export interface CliProcess {
  readonly child: ChildProcess
  readonly ended: Promise<Ended>
  /** Resolves when what was written so far, on either side, matches. */
  shows(pattern: RegExp): Promise<void>
}

export const startCli = (cwd: string, ...argv: string[]): CliProcess => start(cwd, process.execPath, [entry, ...argv])

/** The same where a process may have only so many files and sockets open. */
export const startCliWithin = (descriptors: number, cwd: string, ...argv: string[]): CliProcess =>
  start(cwd, 'sh', ['-c', 'ulimit -n "$0" && exec "$@"', String(descriptors), process.execPath, entry, ...argv])

function start(cwd: string, command: string, argv: readonly string[]): CliProcess {
  const child = spawn(command, argv, { cwd, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = ''
  let notes = ''
  let look = (): void => {}
  child.stdout.on('data', (data: Buffer) => {
    out += data.toString()
    look()
  })
  child.stderr.on('data', (data: Buffer) => {
    notes += data.toString()
    look()
  })
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, out, notes }))
  })
  return {
    child,
    ended,
    shows(pattern) {
      return new Promise((resolve, reject) => {
        look = () => {
          if (pattern.test(out) || pattern.test(notes)) resolve()
        }
        look()
        void ended.then(({ code }) => reject(new Error(`ended with ${code} before ${pattern}:\n${out}\n${notes}`)))
      })
    },
  }
}

export const runCliProcess = (cwd: string, ...argv: string[]): Promise<Ended> => startCli(cwd, ...argv).ended
