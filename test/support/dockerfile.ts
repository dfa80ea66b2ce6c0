/**
 * deploy/Dockerfile without a container runtime: its first stage is done in a directory, with the npm and the Node of this machine
 * in place of the base image's. What the second stage copies is the result.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const checkout = fileURLToPath(new URL('../..', import.meta.url))
const file = join(checkout, 'deploy/Dockerfile')

interface Instruction {
  readonly name: string
  readonly text: string
}

/** By stage, in order. */
function stages(): readonly (readonly Instruction[])[] {
  const lines = readFileSync(file, 'utf8')
    .replace(/^#.*\n/gm, '')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const found: Instruction[][] = []
  for (const line of lines) {
    const [, name = '', text = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? []
    if (name === 'FROM') found.push([])
    else found.at(-1)?.push({ name, text })
  }
  return found
}

/** What the image sets for every container. */
export function imageEnvironment(): Readonly<Record<string, string>> {
  const settings = stages()
    .at(-1)
    ?.filter(({ name }) => name === 'ENV')
    .flatMap(({ text }) => text.trim().split(/\s+/))
  return Object.fromEntries(settings?.map((each) => each.split('=') as [string, string]) ?? [])
}

/** Of the checkout, what the .dockerignore beside it lets through. */
function context(): readonly string[] {
  const lines = readFileSync(`${file}.dockerignore`, 'utf8').split('\n')
  return lines
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1))
    .filter((name) => existsSync(join(checkout, name)))
}

/** Does the first stage in `root`; gives what the second copies to its root. Throws what a command says that fails. */
export function buildImage(root: string): string {
  const image = join(root, 'image')
  let at = root
  for (const { name, text } of stages()[0] ?? []) {
    if (name === 'WORKDIR') {
      at = join(root, text)
      mkdirSync(at, { recursive: true })
    } else if (name === 'COPY') {
      const names = text.split(/\s+/).slice(0, -1)
      for (const each of names[0] === '.' ? context() : names)
        cpSync(join(checkout, each), join(at, each), { recursive: true })
    } else if (name === 'RUN') {
      run(text.replaceAll('/image', image), at)
    } else throw new Error(`${name} is not understood here`)
  }
  const copied = stages()
    .at(-1)
    ?.some(({ name, text }) => name === 'COPY' && text === '--from=build /image /')
  if (copied !== true) throw new Error('the second stage does not copy /image')
  return image
}

function run(command: string, cwd: string): void {
  const done = spawnSync('sh', ['-ec', command], {
    cwd,
    encoding: 'utf8',
    env: {
      ...process.env,
      PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
      NODE_ENV: '',
      npm_config_prefer_offline: 'true',
    },
  })
  if (done.status !== 0) throw new Error(`${command}\n${done.stdout}${done.stderr}`)
}
