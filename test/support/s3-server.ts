/** A real S3 server on files, versitygw, as a process on a free port of loopback. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clientsDirectory, goInstall, installOnce } from './install.ts'
import { freePort } from './ports.ts'

const program = `${clientsDirectory}/versitygw`
const version = 'v1.8.0'

/** Needs Go to build it with. */
export const installS3Server = (): void =>
  installOnce('versitygw', () => goInstall(`github.com/versity/versitygw/cmd/versitygw@${version}`))

export interface S3Server {
  /** Options of ours that reach it. */
  readonly options: Readonly<Record<string, string>>
  readonly child: ChildProcess
  readonly port: number
  /** Makes a bucket. */
  bucket(name: string): void
  /** kill -9; resolves when it is gone. */
  kill(): Promise<void>
  /** Again, on the same port and files. */
  start(): Promise<void>
  close(): Promise<void>
}

export async function startS3Server(): Promise<S3Server> {
  const port = await freePort()
  const directory = mkdtempSync(join(tmpdir(), 'millrace-s3-'))
  const run = (): { child: ChildProcess; ended: Promise<void> } => {
    const child = spawn(program, ['--quiet', '--port', `127.0.0.1:${port}`, 'posix', directory], {
      env: { ...process.env, ROOT_ACCESS_KEY: 'test', ROOT_SECRET_KEY: 'testsecret' },
      stdio: 'ignore',
    })
    return { child, ended: new Promise<void>((resolve) => child.on('close', () => resolve())) }
  }
  let running = run()
  await answers(port)
  return {
    get child() {
      return running.child
    },
    port,
    bucket: (name) => mkdirSync(join(directory, name)),
    async kill() {
      running.child.kill('SIGKILL')
      await running.ended
    },
    async start() {
      running = run()
      await answers(port)
    },
    options: {
      's3.endpoint': `http://127.0.0.1:${port}`,
      's3.path.style.access': 'true',
      's3.access-key': 'test',
      's3.secret-key': 'testsecret',
    },
    async close() {
      running.child.kill()
      await running.ended
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Resolves when something listens on the port; the limit of the test's own time ends a wait in vain. */
async function answers(port: number): Promise<void> {
  for (;;) {
    const open = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1', () => {
        socket.destroy()
        resolve(true)
      })
      socket.on('error', () => resolve(false))
    })
    if (open) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
