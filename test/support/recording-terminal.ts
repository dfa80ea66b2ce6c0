/** A terminal for tests: keeps what commands write. Ctrl-C is `interrupt()`. */
import type { Terminal } from '../../cli/terminal.ts'
import { type Clock, systemClock } from '../../core/platform/clock.ts'

export interface RecordingTerminal extends Terminal {
  readonly outLines: string[]
  readonly noteLines: string[]
  interrupt(): void
}

export function recordingTerminal(json = false, clock: Clock = systemClock): RecordingTerminal {
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
    note: (line) => void noteLines.push(line),
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
