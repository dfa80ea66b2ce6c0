/** A terminal for tests: keeps what commands write, types what it is given. Ctrl-C is `interrupt()`. */
import type { Terminal } from '../../cli/terminal.ts'
import { type Clock, systemClock } from '../../core/platform/clock.ts'

export interface RecordingTerminal extends Terminal {
  readonly outLines: string[]
  readonly noteLines: string[]
  interrupt(): void
}

export function recordingTerminal(
  json = false,
  clock: Clock = systemClock,
  input: readonly string[] = [],
): RecordingTerminal {
  const outLines: string[] = []
  const noteLines: string[] = []
  const listeners = new Set<() => void>()
  return {
    json,
    interactive: false,
    clock,
    outLines,
    noteLines,
    out: (line) => void outLines.push(line),
    write(bytes) {
      const text = Buffer.from(bytes).toString().replace(/\n$/, '')
      if (bytes.length > 0) outLines.push(...text.split('\n'))
      return undefined
    },
    note: (line) => void noteLines.push(line),
    async *input() {
      for (const text of input) yield Buffer.from(text)
    },
    typed: false,
    style: (_style, text) => text,
    onInterrupt(interrupted) {
      listeners.add(interrupted)
      return () => void listeners.delete(interrupted)
    },
    interrupt() {
      for (const listener of listeners) listener()
    },
  }
}
