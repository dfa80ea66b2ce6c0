/**
 * Compiles core/kernels/assembly to build/kernels.wasm. Does nothing when the sources, the compiler and the flags are
 * those of the last build. Concurrent builds are safe: the module is written beside and renamed.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const sources = `${root}core/kernels/assembly/`
const output = `${root}build/kernels.wasm`
const stampPath = `${root}build/kernels.stamp`

// Memory comes from outside: the arena or a state memory, whatever its size. Static data of the module would lie in the
// first 64 KB, which every memory keeps free.
const flags = [
  '--importMemory',
  '--sharedMemory',
  '--initialMemory',
  '1',
  '--maximumMemory',
  '65536',
  '--memoryBase',
  '1024',
  '--noExportMemory',
  '--runtime',
  'stub',
  '--enable',
  'simd,threads,bulk-memory',
  '-O3',
  '--noAssert',
  '--converge',
]

function fingerprint(): string {
  const hash = createHash('sha256').update(flags.join(' '))
  hash.update(readFileSync(`${root}node_modules/assemblyscript/package.json`))
  for (const name of readdirSync(sources).sort()) hash.update(name).update(readFileSync(sources + name))
  return hash.digest('hex')
}

const stamp = fingerprint()
if (!existsSync(output) || !existsSync(stampPath) || readFileSync(stampPath, 'utf8') !== stamp) {
  mkdirSync(`${root}build`, { recursive: true })
  // Loading the compiler takes longer than finding out that it is not needed.
  const { main: compile } = await import('assemblyscript/asc')
  const temporary = `build/kernels.${process.pid}.wasm`
  const result = await compile(
    ['core/kernels/assembly/index.ts', '--baseDir', root, '--outFile', temporary, ...flags],
    {
      stdout: process.stdout,
      stderr: process.stderr,
    },
  )
  if (result.error !== null) {
    process.stderr.write(`The kernels do not compile: ${result.error.message}\n`)
    process.exit(1)
  }
  const bytes = readFileSync(root + temporary)
  if (!WebAssembly.validate(bytes)) {
    rmSync(root + temporary)
    process.stderr.write('The compiled kernels are not a valid module.\n')
    process.exit(1)
  }
  renameSync(root + temporary, output)
  writeFileSync(stampPath, stamp)
  process.stdout.write(`kernels: ${bytes.length} bytes\n`)
}
