/**
 * Programs that others wrote, that tests need and npm does not have: from Debian's packages, Maven, PyPI or the Go module
 * proxy. Each is installed once per checkout, below `build/test-clients`, and only when a test asks; a file lock lets test
 * workers ask at the same time.
 *
 * What cannot be installed (no root, no network) is an error of the files that need it: no test is skipped. They ask while
 * they are loaded, where no test's time runs.
 */
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, openSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export const clientsDirectory = fileURLToPath(new URL('../../build/test-clients', import.meta.url))

const lock = `${clientsDirectory}/.lock`
/** An installer that was killed leaves its lock; nothing here takes longer. */
const lockStaleMs = 20 * 60_000
/** Those who give packages away do not always answer. */
const attempts = 3
const againMs = 5000

/** True when `command` ended well. What it printed is shown when it did not. */
export function succeeds(command: string, args: readonly string[], environment: Record<string, string> = {}): boolean {
  const run = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (run.status === 0) return true
  process.stderr.write(
    `${command} ${args.join(' ')}: ${run.error?.message ?? ''}${run.stdout ?? ''}${run.stderr ?? ''}\n`,
  )
  return false
}

export function onPath(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0
}

/** Runs `install` unless it was run in this checkout before; throws when it says that it failed. */
export function installOnce(name: string, install: () => boolean): void {
  const done = `${clientsDirectory}/.${name}.installed`
  if (existsSync(done)) return
  mkdirSync(clientsDirectory, { recursive: true })
  takeLock()
  try {
    if (existsSync(done)) return
    for (let attempt = 1; !install(); attempt++) {
      if (attempt === attempts)
        throw new Error(`${name} could not be installed, and these tests need it; what was tried stands above`)
      wait(againMs)
    }
    writeFileSync(done, '')
  } finally {
    rmSync(lock, { force: true })
  }
}

/** Debian's packages; needs root. */
export function debian(...packages: readonly string[]): boolean {
  if (!onPath('apt-get') || process.getuid?.() !== 0) return false
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' }
  const install = (): boolean => succeeds('apt-get', ['install', '-y', '--no-install-recommends', ...packages], quiet)
  return install() || (succeeds('apt-get', ['update'], quiet) && install())
}

/** Blocks: installation happens before the first test of a file, when nothing else in its process runs. */
function wait(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds)
}

function takeLock(): void {
  for (;;) {
    try {
      openSync(lock, 'wx')
      return
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    }
    const held = statSync(lock, { throwIfNoEntry: false })
    if (held !== undefined && Date.now() - held.mtimeMs > lockStaleMs) rmSync(lock, { force: true })
    else wait(200)
  }
}

/** A program of the Go module proxy, `path@version`, into `clientsDirectory`. Go is on the PATH or where its own archive puts it. */
export function goInstall(program: string): boolean {
  const go = onPath('go') ? 'go' : '/usr/local/go/bin/go'
  return onPath(go) && succeeds(go, ['install', program], { GOBIN: clientsDirectory })
}
