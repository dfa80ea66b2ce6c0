/**
 * The tutorial of the log, as it stands: every command is run, in order, and prints what the page says (an ellipsis stands
 * for anything). Ports are exchanged for free ones.
 */
import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasKcat } from '../support/kafka-clients/kcat.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))
const page = readFileSync(`${root}docs/tutorials/the-log.md`, 'utf8')

interface Block {
  readonly kind: string
  readonly text: string
}

const blocks: Block[] = [...page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm)].map(([, kind = '', text = '']) => ({
  kind,
  text,
}))

/** Commands of a block, each with what it prints. */
function commandsOf(text: string): { readonly command: string; readonly output: readonly string[] }[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [command = '', ...output] = part.trimEnd().split('\n')
      return { command, output }
    })
}

let directory: string
const ports = new Map<string, string>()
const environment: Record<string, string> = {}
const servers: ChildProcess[] = []

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-tutorial-'))
  for (const port of ['19092', '19093']) ports.set(port, await freePort())
})
afterAll(async () => {
  for (const server of servers) {
    const ended = new Promise((resolve) => server.once('exit', resolve))
    server.kill('SIGTERM')
    await ended
  }
  rmSync(directory, { recursive: true, force: true })
})

async function freePort(): Promise<string> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  await new Promise((resolve) => server.close(resolve))
  return String(port)
}

function here(text: string): string {
  let result = text.replaceAll('npx millrace', `${process.execPath} ${root}bin/millrace.cjs`)
  for (const [from, to] of ports) result = result.replaceAll(from, to)
  return result
}

/** Blanks count as one: columns are as wide as what stands in them. */
function patternOf(lines: readonly string[]): RegExp {
  const parts = lines.map((line) =>
    here(line)
      .trim()
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replace(/ +/g, ' +'))
      .join('[\\s\\S]*'),
  )
  return new RegExp(`^\\s*${parts.join('\\s+')}\\s*$`)
}

const settings = () => ({ cwd: directory, env: { ...process.env, ...environment } })

function run(command: string): Promise<string> {
  return new Promise((resolve) => {
    execFile('sh', ['-c', `( ${here(command)} ) 2>&1`], settings(), (_error, stdout) => resolve(stdout))
  })
}

/** Starts a server, and waits until it has printed the last line of the block. */
async function serve(command: string, output: readonly string[]): Promise<void> {
  const server = spawn('sh', ['-c', `exec ${here(command)} 2>&1`], settings())
  servers.push(server)
  const wanted = new RegExp(`${patternOf(output.slice(-1)).source.replace(/^\^/, '(^|\\n)').replace(/\$$/, '')}`)
  let text = ''
  await new Promise<void>((resolve, reject) => {
    server.stdout.on('data', (data: Buffer) => {
      text += data.toString()
      if (wanted.test(text)) resolve()
    })
    server.once('exit', (code) => reject(new Error(`${command} ended with ${code}:\n${text}`)))
  })
}

const kcat = hasKcat()

describe('the tutorial of the log', () => {
  it('has commands', () => {
    expect(blocks.flatMap(({ text }) => commandsOf(text)).length).toBeGreaterThan(15)
  })

  for (const { kind, text } of blocks) {
    const [language = '', file] = kind.split(' ')
    if (file !== undefined) {
      it(`has the file ${file}`, () => writeFileSync(join(directory, file), text))
    }
    for (const { command, output } of commandsOf(text)) {
      it.skipIf(language === 'kcat' && !kcat)(
        command,
        async () => {
          const exported = /^export (\w+)=(.*)$/.exec(command)
          if (exported !== null) environment[exported[1] as string] = here(exported[2] as string)
          else if (language === 'background') await serve(command, output)
          else expect(await run(command)).toMatch(patternOf(output))
        },
        30_000,
      )
    }
  }
})
