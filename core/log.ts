/**
 * Log lines of servers: pino, one JSON object per line, or plain text for people. Loggers may be made before logging is
 * configured; level and destination are those of the thread, and a change reaches the loggers that exist.
 * Lines are written synchronously: what was logged before a crash is there.
 */
import pino from 'pino'

export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal' | 'silent'
export type Logger = pino.Logger

export interface LogOptions {
  /** Fields on every line of this logger. */
  readonly fields?: Readonly<Record<string, unknown>>
  /** A level of its own, whatever the thread's. */
  readonly level?: LogLevel
  /** Takes the finished lines instead of the thread's destination. */
  readonly write?: (line: string) => void
}

export interface LoggingConfig {
  readonly level?: LogLevel
  readonly format?: 'json' | 'text'
  /** Takes the finished lines; the default is file descriptor 2. */
  readonly write?: (line: string) => void
}

const levelNames: Readonly<Record<number, string>> = {
  10: 'TRACE',
  20: 'DEBUG',
  30: 'INFO',
  40: 'WARN',
  50: 'ERROR',
  60: 'FATAL',
}

let level: LogLevel = 'info'
let format: 'json' | 'text' = 'json'
let write: ((line: string) => void) | undefined
let standardError: pino.DestinationStream | undefined
let followers: WeakRef<Logger>[] = []

function toStandardError(line: string): void {
  standardError ??= pino.destination({ dest: 2, sync: true })
  standardError.write(line)
}

const threadDestination: pino.DestinationStream = {
  write(line: string): void {
    const finished = format === 'text' ? formatLogLine(line) : line
    if (write !== undefined) write(finished)
    else toStandardError(finished)
  },
}

/** Sets level, format and destination of this thread. What is not given stays. */
export function configureLogging(config: LoggingConfig): void {
  if (config.level !== undefined) level = config.level
  if (config.format !== undefined) format = config.format
  if (config.write !== undefined) write = config.write
  followers = followers.filter((reference) => {
    const logger = reference.deref()
    if (logger !== undefined) logger.level = level
    return logger !== undefined
  })
}

/** A logger whose lines carry `name` (the room or part: `jobmanager`, `slot`). Make one per part, not per record. */
export function createLogger(name: string, options: LogOptions = {}): Logger {
  const own = options.write
  const destination: pino.DestinationStream = own === undefined ? threadDestination : { write: (line) => own(line) }
  const logger = pino(
    {
      name,
      level: options.level ?? level,
      base: { ...options.fields },
      timestamp: pino.stdTimeFunctions.epochTime,
      serializers: { error: pino.stdSerializers.errWithCause, err: pino.stdSerializers.errWithCause },
      errorKey: 'error',
    },
    destination,
  )
  if (options.level === undefined) followers.push(new WeakRef(logger))
  return logger
}

/** A JSON log line as text: `12:00:01.123 WARN jobmanager  message  key=value`. Anything else comes back as it is. */
export function formatLogLine(line: string): string {
  let record: Record<string, unknown>
  try {
    record = JSON.parse(line) as Record<string, unknown>
  } catch {
    // Not ours, for people already.
    return line
  }
  const { level: number, time, name, msg, error, ...rest } = record
  const stamp = typeof time === 'number' ? new Date(time).toISOString().slice(11, 23) : ''
  const fields = Object.entries(rest).map(
    ([key, value]) => `${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  )
  const stack = typeof error === 'object' && error !== null ? (error as { stack?: unknown }).stack : undefined
  const parts = [stamp, (levelNames[number as number] ?? '').padEnd(5), `${name ?? ''} `, `${msg ?? ''}`, ...fields]
  return `${parts.filter((part) => part !== '').join(' ')}\n${typeof stack === 'string' ? `${stack}\n` : ''}`
}
