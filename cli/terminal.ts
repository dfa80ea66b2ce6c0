/**
 * What a command writes to: results on standard output, everything for the eye on standard error. Colour and progress
 * only where a person looks. Commands take a `Terminal`, so that a test reads what they write.
 */
import { styleText } from 'node:util'
import { formatDuration } from '../core/config/index.ts'
import { isMillraceError, type MillraceError } from '../core/errors.ts'
import { type Clock, systemClock } from '../core/platform/clock.ts'

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

export interface Terminal {
  /** True when `--json` was given: `out` is JSON, nothing else goes there. */
  readonly json: boolean
  /** A person sits there: progress is drawn. */
  readonly interactive: boolean
  readonly clock: Clock
  /** A line of the result. */
  out(line: string): void
  /** Bytes of the result as they are. A promise when the other side is slow: wait for it before the next. */
  write(bytes: Uint8Array): Promise<void> | undefined
  /** A line for the eye. */
  note(line: string): void
  /** What comes on standard input, as it comes. Take it once. */
  input(): AsyncIterable<Buffer>
  /** Somebody types what comes on standard input. */
  readonly typed: boolean
  style(style: Style, text: string): string
  /** Calls `interrupted` at Ctrl-C or SIGTERM instead of ending; gives back what takes it off. */
  onInterrupt(interrupted: () => void): () => void
}

/** The terminal of this process. */
export function systemTerminal(json: boolean): Terminal {
  const { env, stdout, stderr } = process
  const colored = !json && stdout.isTTY === true && env.NO_COLOR === undefined && env.TERM !== 'dumb'
  return {
    json,
    interactive: stderr.isTTY === true && !json,
    clock: systemClock,
    out: (line) => void stdout.write(`${line}\n`),
    write(bytes) {
      if (stdout.write(bytes)) return undefined
      return new Promise((resolve) => stdout.once('drain', resolve))
    },
    note: (line) => void stderr.write(`${line}\n`),
    input: () => process.stdin,
    typed: process.stdin.isTTY === true,
    style: (style, text) => (colored ? styleText(style, text, { validateStream: false }) : text),
    onInterrupt(interrupted) {
      for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, interrupted)
      return () => {
        for (const signal of ['SIGINT', 'SIGTERM']) process.off(signal, interrupted)
      }
    },
  }
}

/** Paths below the current folder are shown from there. */
export function tidyPaths(text: string): string {
  return text.replaceAll(`file://${process.cwd()}/`, '').replaceAll(`${process.cwd()}/`, '')
}

/** Writes an error for people, or as JSON. Frames of ours and of Node are left out of the stack. */
export function showError(terminal: Terminal, error: unknown): void {
  if (terminal.json) {
    terminal.out(JSON.stringify({ error: errorJson(error) }))
    return
  }
  if (!isMillraceError(error)) {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error)
    terminal.note(`${terminal.style('red', 'error')} ${tidyPaths(text)}`)
    terminal.note('This is a bug of Millrace. Please report it with the lines above.')
    return
  }
  // The code stands behind the sentence; what a compiler says comes below.
  const [sentence = '', ...more] = tidyPaths(error.message).split('\n')
  terminal.note(`${terminal.style('red', 'error')} ${sentence}  ${terminal.style('dim', error.code)}`)
  for (const line of more) terminal.note(line)
  if (error.blame === 'user' && error.cause instanceof Error) {
    for (const frame of userFrames(error.cause.stack)) terminal.note(`    ${frame}`)
  }
  const hint = hintOf(error)
  if (hint !== undefined && hint !== '') terminal.note(`  ${tidyPaths(hint)}`)
}

/** What to do: as the error says, or else as what has caused it does. */
function hintOf({ hint, cause }: MillraceError): string | undefined {
  return hint ?? (isMillraceError(cause) ? hintOf(cause) : undefined)
}

/** An error as part of a JSON result. */
export function errorJson(error: unknown): Record<string, unknown> {
  if (!isMillraceError(error))
    return { code: 'UNKNOWN', message: error instanceof Error ? error.message : String(error) }
  const { code, message, blame, retry }: MillraceError = error
  const hint = hintOf(error)
  return { code, message: tidyPaths(message), ...(hint === undefined ? {} : { hint: tidyPaths(hint) }), blame, retry }
}

/** The frames of a stack that are the user's: not Node's, not ours, not a package's. Paths from here. */
export function userFrames(stack: string | undefined): string[] {
  const own = new URL('../', import.meta.url).pathname
  const rooms = /^(core|proto|sdk|sql|connectors|taskmanager|jobmanager|broker|cli|dist|bin)\//
  return (stack ?? '')
    .split('\n')
    .filter((line) => /^\s*at /.test(line) && !/node:|node_modules|\(<anonymous>\)/.test(line))
    .filter((line) => !rooms.test(line.split(own)[1] ?? ''))
    .map((line) => tidyPaths(line.trim()))
}

/**
 * Runs `work` and shows how long it has taken, where a person looks. Ctrl-C gives up waiting, not the work: the result is
 * then 'interrupted'.
 */
export async function waitFor<T>(
  terminal: Terminal,
  what: string,
  work: Promise<T>,
): Promise<{ readonly kind: 'done'; readonly value: T } | { readonly kind: 'interrupted' }> {
  const started = terminal.clock.monotonic()
  const draw = () => {
    const seconds = Math.floor((terminal.clock.monotonic() - started) / 1000)
    process.stderr.write(`\r\x1b[2K${what} … ${formatDuration(seconds * 1000)}`)
  }
  const ticking = terminal.interactive ? terminal.clock.setInterval(draw, 250) : undefined
  let stopListening = () => {}
  try {
    const interrupted = new Promise<'interrupted'>((resolve) => {
      stopListening = terminal.onInterrupt(() => resolve('interrupted'))
    })
    const first = await Promise.race([work.then((value) => ({ value })), interrupted])
    return first === 'interrupted' ? { kind: 'interrupted' } : { kind: 'done', value: first.value }
  } finally {
    terminal.clock.clearTimeout(ticking)
    if (ticking !== undefined) process.stderr.write('\r\x1b[2K')
    stopListening()
  }
}

/** A number that is below zero when unknown. */
export const known = (value: number): string => (value < 0 ? '-' : String(value))

/** Rows under headings, columns as wide as their widest cell; two spaces between. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? '').length)),
  )
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => cell.padEnd(widths[column] as number))
      .join('  ')
      .trimEnd()
  return [line(headings), ...rows.map(line)]
}

/** `2026-11-20 14:03:09`, in the zone of this machine. */
export function formatTime(ms: number): string {
  return new Date(ms - new Date(ms).getTimezoneOffset() * 60_000).toISOString().slice(0, 19).replace('T', ' ')
}

/** Coarse for people: `4s`, `3m 20s`, `2h 5m`. */
export function formatAge(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))}ms`
  return formatDuration(Math.floor(ms / 1000) * 1000)
    .split(' ')
    .slice(0, 2)
    .join(' ')
}
