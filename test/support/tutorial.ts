/**
 * A tutorial as it stands: the commands of its blocks in order, each with what the page says that it prints (an ellipsis stands
 * for anything). Ports are exchanged for free ones.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { freePorts } from './ports.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

interface TutorialCommand {
  readonly command: string
  readonly output: readonly string[]
  /** Goes on beside the rest; it is there when it has printed its last line. */
  readonly background: boolean
}

export interface Tutorial {
  /** Those of the page, for which free ones are used. */
  readonly ports: readonly string[]
  /** Puts into the directory what the page says is there. */
  prepare?(directory: string): void
}

export const tutorialPage = (page: string): string => readFileSync(`${root}docs/tutorials/${page}`, 'utf8')

/**
 * One test for each command of the page, in a new directory: those of the blocks without a language, and of those called
 * `background`. A block with the name of a file behind its language is that file.
 */
export function testTutorial(page: string, { ports, prepare }: Tutorial): void {
  const blocks = [...tutorialPage(page).matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)]
  const commands = blocks.flatMap(([, kind = '', body = '']) => commandsOf(kind, body))

  describe(`the tutorial ${page}`, () => {
    const directory = mkdtempSync(join(tmpdir(), 'millrace-tutorial-'))
    const run = new TutorialRun(directory)

    beforeAll(async () => {
      prepare?.(directory)
      for (const [, kind = '', body = ''] of blocks) {
        const [, file] = kind.split(' ')
        if (file !== undefined) writeFileSync(join(directory, file), body)
      }
      await run.exchange(ports)
    })
    afterAll(async () => {
      await run.close()
      rmSync(directory, { recursive: true, force: true })
    })

    it('has commands', () => expect(commands.length).toBeGreaterThan(15))
    for (const each of commands) {
      it(each.command, async () => {
        const result = await run.run(each)
        if (result !== undefined) expect(result.text).toMatch(result.wanted)
      })
    }
  })
}

function commandsOf(kind: string, body: string): TutorialCommand[] {
  if (kind !== '' && kind !== 'background') return []
  const parts = body.split(/^\$ /m).slice(1)
  return parts.map((part) => {
    const [command = '', ...output] = part.trimEnd().split('\n')
    return { command, output, background: kind === 'background' }
  })
}

class TutorialRun {
  readonly #directory: string
  readonly #ports = new Map<string, string>()
  readonly #environment: Record<string, string> = {}
  readonly #servers: ChildProcess[] = []

  constructor(directory: string) {
    this.#directory = directory
  }

  /** Uses a free port in place of each of these. */
  async exchange(ports: readonly string[]): Promise<void> {
    const free = await freePorts(ports.length)
    for (const [index, port] of ports.entries()) this.#ports.set(port, String(free[index]))
  }

  /** What it prints, and the pattern that it has to match; undefined: there is nothing to look at. */
  async run({ command, output, background }: TutorialCommand): Promise<{ text: string; wanted: RegExp } | undefined> {
    const exported = /^export (\w+)=(.*)$/.exec(command)
    if (exported !== null) {
      this.#environment[exported[1] as string] = this.#here(exported[2] as string)
      return undefined
    }
    if (background) {
      await this.#serve(command, output)
      return undefined
    }
    const text = await new Promise<string>((resolve) => {
      execFile('sh', ['-c', `( ${this.#here(command)} ) 2>&1`], this.#settings(), (_error, stdout) => resolve(stdout))
    })
    return { text, wanted: this.#pattern(output) }
  }

  async close(): Promise<void> {
    for (const server of this.#servers.toReversed()) {
      const ended = new Promise((resolve) => server.once('exit', resolve))
      if (server.exitCode === null && server.kill('SIGTERM')) await ended
    }
  }

  #settings() {
    return { cwd: this.#directory, env: { ...process.env, ...this.#environment } }
  }

  #here(text: string): string {
    let result = text.replaceAll('npx millrace', `${process.execPath} ${root}bin/millrace.cjs`)
    for (const [from, to] of this.#ports) result = result.replaceAll(from, to)
    return result
  }

  /** Blanks count as one: columns are as wide as what stands in them. */
  #pattern(lines: readonly string[]): RegExp {
    const parts = lines.map((line) =>
      this.#here(line)
        .trim()
        .split('…')
        .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, ' +'))
        .join('[\\s\\S]*'),
    )
    return new RegExp(`^\\s*${parts.join('\\s+')}\\s*$`)
  }

  async #serve(command: string, output: readonly string[]): Promise<void> {
    const server = spawn('sh', ['-c', `exec ${this.#here(command)} 2>&1`], this.#settings())
    this.#servers.push(server)
    const last = this.#pattern(output.slice(-1)).source.replace(/^\^/, '(^|\\n)').replace(/\$$/, '')
    const wanted = new RegExp(last)
    let text = ''
    await new Promise<void>((resolve, reject) => {
      server.stdout.on('data', (data: Buffer) => {
        text += data.toString()
        if (wanted.test(text)) resolve()
      })
      server.once('exit', (code) => reject(new Error(`${command} ended with ${code}:\n${text}`)))
    })
  }
}
