/**
 * Where user code hangs: the debugger stops a thread that does not come back, tells its stack, and lets it go. Nothing in
 * the thread has to help, so an endless loop has a stack like any other code.
 *
 * Concurrency: the thread that started the other one. Nothing here throws: without an answer the stack is not known.
 */
import { Session } from 'node:inspector'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { fileURLToPath } from 'node:url'
import { systemClock } from '../../core/platform/clock.ts'
import { systemDisk } from '../../core/platform/disk.ts'

interface Frame {
  readonly functionName: string
  /** Of the script, where it has one. */
  readonly url: string
  /** Both from 0. */
  readonly line: number
  readonly column: number
}

interface DebuggerMessage {
  readonly method?: string
  readonly params?: {
    readonly scriptId?: string
    readonly url?: string
    readonly callFrames?: readonly {
      readonly functionName: string
      readonly location: { readonly scriptId: string; readonly lineNumber: number; readonly columnNumber?: number }
    }[]
  }
}

const answerTimeoutMs = 1000

/**
 * Frames of the job's own code in the stack of a worker thread of this process, the innermost first, as lines of a stack
 * in the user's sources; none when the thread cannot be asked within a second. `isBundle`: whether a script is a job.
 */
export async function hangingFrames(threadId: number, isBundle: (url: string) => boolean): Promise<string[]> {
  const stack = await stackOf(threadId)
  return stack
    .filter(({ url }) => isBundle(url))
    .map((frame) => `    at ${frame.functionName === '' ? '(anonymous)' : frame.functionName} (${original(frame)})`)
}

function stackOf(threadId: number): Promise<readonly Frame[]> {
  const session = new Session()
  session.connect()
  return new Promise<readonly Frame[]>((resolve) => {
    const timer = systemClock.setTimeout(() => resolve([]), answerTimeoutMs)
    const urls = new Map<string, string>()
    let sessionId: string | undefined
    let sent = 0
    const send = (method: string): void => {
      const message = JSON.stringify({ id: ++sent, method })
      session.post('NodeWorker.sendMessageToWorker', { sessionId, message })
    }
    session.on('NodeWorker.attachedToWorker', ({ params }) => {
      if (!params.workerInfo.title.startsWith(`[worker ${threadId}]`)) return
      sessionId = params.sessionId
      send('Debugger.enable')
      send('Debugger.pause')
    })
    session.on('NodeWorker.receivedMessageFromWorker', ({ params: received }) => {
      if (received.sessionId !== sessionId) return
      const { method, params } = JSON.parse(received.message) as DebuggerMessage
      if (method === 'Debugger.scriptParsed') urls.set(params?.scriptId ?? '', params?.url ?? '')
      if (method !== 'Debugger.paused') return
      systemClock.clearTimeout(timer)
      resolve(
        (params?.callFrames ?? []).map(({ functionName, location }) => ({
          functionName,
          url: urls.get(location.scriptId) ?? '',
          line: location.lineNumber,
          column: location.columnNumber ?? 0,
        })),
      )
      // A thread that stands still cannot be ended.
      send('Debugger.disable')
    })
    session.post('NodeWorker.enable', { waitForDebuggerOnStart: false })
  }).finally(() => session.disconnect())
}

/** `file:line:column` in the user's sources. */
function original({ url, line, column }: Frame): string {
  const entry = mapOf(url)?.findEntry(line, column)
  if (entry === undefined || !('originalSource' in entry)) return `${url}:${line + 1}:${column + 1}`
  const source = entry.originalSource.startsWith('file:') ? fileURLToPath(entry.originalSource) : entry.originalSource
  return `${source}:${entry.originalLine + 1}:${entry.originalColumn + 1}`
}

function mapOf(url: string): SourceMap | undefined {
  try {
    const text = systemDisk.read(fileURLToPath(url)).toString('utf8')
    const data = /\/\/# sourceMappingURL=data:application\/json;base64,([\w+/=]+)\s*$/.exec(text)?.[1]
    if (data === undefined) return undefined
    return new SourceMap(JSON.parse(Buffer.from(data, 'base64').toString()) as SourceMapPayload)
  } catch {
    // The bundle is gone or is no bundle of ours: the position in it has to do.
    return undefined
  }
}
