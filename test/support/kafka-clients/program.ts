/**
 * A program in another language that runs cases of the client matrix: told by lines on standard input (`case<TAB>argument…`),
 * it answers each with one line of JSON: what the case saw, or `{"error": …}`. A line `{"event": …}` in between waits for an
 * empty line. One process for all cases of a client, because to start one is most of their time. One case at a time.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'

export type Answer = Readonly<Record<string, unknown>>

export class ClientProgram {
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>
  #notes = ''
  #waiting: { answer: (value: Answer) => void; failed: (error: Error) => void; event: () => Promise<void> } | undefined
  #last: Promise<unknown> = Promise.resolve()
  #gone: Error | undefined
  readonly #ended: Promise<void>

  constructor(command: string, args: readonly string[]) {
    this.#child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#child.stderr.on('data', (data: Buffer) => {
      this.#notes = `${this.#notes}${data.toString()}`.slice(-20_000)
    })
    createInterface(this.#child.stdout).on('line', (line) => this.#read(line))
    this.#ended = new Promise((resolve) => {
      this.#child.on('close', (code) => {
        this.#gone = new Error(`${command} ended with ${code}:\n${this.#notes}`)
        this.#waiting?.failed(this.#gone)
        resolve()
      })
    })
    // A program that ended: the answer that never comes says so.
    this.#child.stdin.on('error', () => undefined)
  }

  /** Runs a case; rejects with the error that the client saw. Others wait until it is over. */
  run(
    name: string,
    args: readonly string[] = [],
    event: () => Promise<void> = () => Promise.resolve(),
  ): Promise<Answer> {
    const answer = this.#last.then(
      () =>
        new Promise<Answer>((resolve, reject) => {
          if (this.#gone !== undefined) {
            reject(this.#gone)
            return
          }
          this.#waiting = { answer: resolve, failed: reject, event }
          this.#child.stdin.write(`${[name, ...args].join('\t')}\n`)
        }),
    )
    this.#last = answer.catch(() => undefined)
    return answer
  }

  async close(): Promise<void> {
    this.#child.stdin.end()
    this.#child.kill('SIGKILL')
    await this.#ended
  }

  #read(line: string): void {
    if (!line.startsWith('{')) {
      this.#notes += `${line}\n`
      return
    }
    const value = JSON.parse(line) as Answer
    if (typeof value.event === 'string') {
      void this.#waiting?.event().then(
        () => this.#child.stdin.write('\n'),
        (error: Error) => this.#waiting?.failed(error),
      )
      return
    }
    const waiting = this.#waiting
    this.#waiting = undefined
    if (typeof value.error === 'string') waiting?.failed(new Error(value.error))
    else waiting?.answer(value)
  }
}
