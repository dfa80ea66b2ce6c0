/**
 * Where in the user's file something was made: the first frame of the stack that is not the SDK's own. Taken when a node
 * is created, so that an error found later names the line. Follows source maps when the runtime has them switched on.
 */
const room = new URL('../', import.meta.url).href
const roomPath = decodeURIComponent(new URL(room).pathname)

const framePattern = /\(?((?:file:\/\/)?\/[^()]*?|[A-Za-z]:[\\/][^()]*?):(\d+):(\d+)\)?$/

/** `path/job.ts:12:5`, or undefined where no frame of a user is on the stack. */
export function userPosition(): string | undefined {
  const holder: { stack?: string } = {}
  const limit = Error.stackTraceLimit
  Error.stackTraceLimit = 20
  Error.captureStackTrace(holder, userPosition)
  Error.stackTraceLimit = limit
  for (const line of (holder.stack ?? '').split('\n')) {
    const frame = framePattern.exec(line.trim())
    if (frame === null) continue
    const file = frame[1]
    if (file.startsWith(room) || file.startsWith(roomPath) || file.includes('node:')) continue
    return `${file.startsWith('file://') ? decodeURIComponent(new URL(file).pathname) : file}:${frame[2]}:${frame[3]}`
  }
  return undefined
}

/** ' at job.ts:12:5' for the end of a sentence, or nothing. */
export const atText = (at: string | undefined): string => (at === undefined ? '' : ` at ${at}`)
