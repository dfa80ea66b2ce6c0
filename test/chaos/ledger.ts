/**
 * A sink as a user might write one: rows wait in memory, go into the checkpoint as committables, and a commit writes each
 * page under its own name, the same one when it is repeated. Writers share nothing and clean nothing up, so two attempts
 * that live at the same time do not get into each other's way by themselves: only the engine can keep them apart.
 */
import { randomBytes } from 'node:crypto'
import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Sink, SinkContext, SinkWriter } from 'millrace'

interface Page {
  readonly name: string
  readonly lines: string
}

export function ledger(directory: string): Sink<unknown> {
  const sink: Sink<unknown, Page> = {
    kind: 'sink',
    name: 'ledger',
    guarantee: 'exactly-once',
    createWriter: (context) => new LedgerWriter(context),
    commit(pages) {
      mkdirSync(directory, { recursive: true })
      for (const { name, lines } of pages) {
        writeFileSync(join(directory, `.${name}`), lines)
        renameSync(join(directory, `.${name}`), join(directory, name))
      }
    },
  }
  return sink as Sink<unknown>
}

class LedgerWriter implements SinkWriter<unknown, Page> {
  readonly #subtask: number
  readonly #mark = randomBytes(4).toString('hex')
  #pages = 0
  #lines: string[] = []

  constructor({ subtask }: SinkContext) {
    this.#subtask = subtask
  }

  write(records: readonly unknown[]): void {
    for (const record of records) this.#lines.push(`${JSON.stringify(record)}\n`)
  }

  prepareCommit(): readonly Page[] {
    if (this.#lines.length === 0) return []
    const lines = this.#lines.join('')
    this.#lines = []
    return [{ name: `${this.#subtask}-${this.#mark}-${this.#pages++}.ndjson`, lines }]
  }

  close(): void {
    this.#lines = []
  }
}
