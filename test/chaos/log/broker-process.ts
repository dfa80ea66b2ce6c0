/** The broker of a chaos run: one process after the other on the same directory and the same port. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { systemDisk } from '../../../core/platform/disk.ts'
import { freePort } from '../../support/ports.ts'
import type { ChildInput } from './broker-child.ts'
import type { PlannedKill } from './schedule.ts'

const entry = fileURLToPath(new URL('./broker-child.ts', import.meta.url))

export class BrokerProcess {
  readonly directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-chaos-log-')
  readonly #options: Readonly<Record<string, string>>
  readonly #seed: number
  #child: ChildProcess | undefined
  #exited: Promise<unknown> = Promise.resolve()
  #starts = 0
  #port = 0
  /** What the broker said on standard error, of all its lives. */
  notes = ''

  constructor(options: Readonly<Record<string, string>>, seed: number) {
    this.#options = options
    this.#seed = seed
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`
  }

  get isRunning(): boolean {
    const child = this.#child
    return child !== undefined && child.exitCode === null && child.signalCode === null
  }

  /** True when it takes requests, false when it died at the point it was told. Rejects when it ended otherwise. */
  async start(kill?: PlannedKill): Promise<boolean> {
    this.#port ||= await freePort()
    const input: ChildInput = {
      options: {
        ...this.#options,
        'broker.listeners': this.address,
        'broker.data-dir': `${this.directory}/data`,
      },
      seed: this.#seed + this.#starts++,
      ...(kill === undefined ? {} : { kill }),
    }
    const argv = ['--conditions=source', entry, JSON.stringify(input)]
    const child = spawn(process.execPath, argv, { stdio: ['ignore', 'ignore', 'pipe', 'ipc'] })
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => {
      this.notes += chunk.toString()
    })
    this.#exited = once(child, 'exit')
    const started = await Promise.race([once(child, 'message').then(() => true), this.#exited.then(() => false)])
    if (started) return true
    if (child.signalCode === 'SIGKILL') return false
    throw new Error(`the broker ended with ${child.exitCode} instead of starting:\n${this.notes.slice(-4000)}`)
  }

  /** Resolves when it has died, or after a time; whether it has. */
  async diesWithin(milliseconds: number): Promise<boolean> {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, milliseconds)
    })
    await Promise.race([this.#exited, late])
    clearTimeout(timer)
    return !this.isRunning
  }

  async kill(power: boolean): Promise<void> {
    if (power && this.isRunning) this.#child?.send('power')
    else this.#child?.kill('SIGKILL')
    await this.#exited
  }

  async remove(): Promise<void> {
    this.#child?.kill('SIGKILL')
    await this.#exited
    systemDisk.remove(this.directory)
  }
}
