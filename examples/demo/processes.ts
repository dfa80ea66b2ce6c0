/** The demo's cluster: real processes, started as a user would start them, with their data in one directory. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const cliMain = fileURLToPath(new URL('../../cli/main.ts', import.meta.url))

export interface DemoProcess {
  readonly name: string
  readonly child: ChildProcess
  /** What it printed when it was ready. */
  readonly ready: string
}

const processes: ChildProcess[] = []

/** Starts `millrace start --role …` and waits until it says that it is there. Its log goes to a file. */
export function startProcess(
  name: string,
  role: 'jobmanager' | 'taskmanager' | 'broker',
  directory: string,
  config: Readonly<Record<string, string>>,
): Promise<DemoProcess> {
  const definitions = Object.entries(config).flatMap(([key, value]) => ['-D', `${key}=${value}`])
  const child = spawn(process.execPath, ['--conditions=source', cliMain, 'start', '--role', role, ...definitions], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: directory,
  })
  processes.push(child)
  const log = createWriteStream(join(directory, `${name}.log`), { flags: 'a' })
  child.stderr.pipe(log)
  return new Promise((resolve, reject) => {
    let text = ''
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      log.write(chunk)
      const line = text.split('\n').find((each) => /^(JobManager|TaskManager|broker) /.test(each))
      if (line !== undefined) resolve({ name, child, ready: line })
    })
    child.once('error', reject)
    child.once('exit', (code, signal) =>
      reject(new Error(`${name} ended (${signal ?? code}); its log: ${join(directory, `${name}.log`)}`)),
    )
  })
}

/** Ends everything that was started. */
export async function endProcesses(): Promise<void> {
  await Promise.all(
    processes.map((child) => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined
      return new Promise<void>((resolve) => {
        const impatient = setTimeout(() => child.kill('SIGKILL'), 3000)
        child.once('exit', () => {
          clearTimeout(impatient)
          resolve()
        })
        child.kill('SIGTERM')
      })
    }),
  )
}
