/**
 * Turns the file of a job into one file that runs in any slot: everything that it imports is inside, with an inline
 * source map, except `millrace`. That import stays, and whoever loads the bundle resolves it to the copy that runs (see
 * core/platform/modules.ts): were it bundled, a slot would hold two SDKs, and a class of one is not a class of the other.
 *
 * The id of a bundle is the SHA-256 of its code without the source map, so that it does not depend on where the
 * sources lie.
 */
import { basename, dirname, relative, resolve } from 'node:path'
import type { BuildFailure, Message } from 'esbuild'
import { sha256 } from '../core/bytes/index.ts'
import { nearest } from '../core/config/index.ts'
import { systemDisk } from '../core/platform/disk.ts'
import { keepConstants } from './constants.ts'
import { cliErrors } from './errors.ts'

export interface JobBundle {
  /** Hex SHA-256 of the code. */
  readonly id: string
  /** As the user named it. */
  readonly file: string
  readonly code: string
  /** Absolute paths of the files that went in, for watching. */
  readonly inputs: readonly string[]
  readonly durationMs: number
}

// Packages in CommonJS ask for `require`, which a module does not have.
const banner =
  "import { createRequire as $createRequire } from 'node:module'; const require = $createRequire(import.meta.url);"

/**
 * Bundles a job. Throws CLI_NO_SUCH_FILE, CLI_DOES_NOT_COMPILE with the compiler's messages, or CLI_NATIVE_ADDON.
 */
export async function bundleJob(file: string): Promise<JobBundle> {
  const started = performance.now()
  const path = resolve(file)
  const directory = dirname(path)
  if (systemDisk.stat(path)?.isDirectory === true) {
    throw cliErrors.create('BAD_ARGUMENT', {
      problem: `${file} is a directory; give the file whose default export is the job`,
    })
  }
  if (!systemDisk.exists(path)) throw noSuchFile(file, path)
  const { build } = await import('esbuild')
  try {
    const result = await build({
      entryPoints: [path],
      bundle: true,
      write: false,
      metafile: true,
      platform: 'node',
      format: 'esm',
      target: 'node24',
      external: ['millrace', 'millrace/*'],
      outfile: path.replace(/\.[cm]?[jt]sx?$/, '.bundle.mjs'),
      sourcemap: 'external',
      sourcesContent: true,
      charset: 'utf8',
      legalComments: 'none',
      banner: { js: banner },
      logLevel: 'silent',
      // Paths in comments of the output: from the job, so that the code is the same wherever that lies.
      absWorkingDir: directory,
    })
    const text = (suffix: string) => result.outputFiles.find((each) => each.path.endsWith(suffix))?.text ?? ''
    const code = keepConstants(text('.mjs'), new Set(Object.keys(result.metafile.inputs)))
    const map = absoluteSources(text('.map'), directory)
    return {
      id: sha256(code),
      file,
      code: `${code}//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}\n`,
      inputs: Object.keys(result.metafile.inputs).map((input) => resolve(directory, input)),
      durationMs: performance.now() - started,
    }
  } catch (error) {
    if (isBuildFailure(error)) throw compileError(file, directory, error)
    throw error
  }
}

/** The bundle runs elsewhere than where it was made: its map names the sources in full. */
function absoluteSources(mapText: string, directory: string): string {
  const map = JSON.parse(mapText) as { sources: string[] }
  map.sources = map.sources.map((source) => resolve(directory, source))
  return JSON.stringify(map)
}

function noSuchFile(file: string, path: string): Error {
  const directory = dirname(path)
  const others = systemDisk.exists(directory)
    ? systemDisk.list(directory).filter((name) => /\.[cm]?[jt]s$/.test(name))
    : []
  const near = nearest(basename(path), others)
  const suggestion =
    near !== undefined
      ? `Did you mean ${relative('.', resolve(directory, near))}?`
      : 'Give the path of the file whose default export is the job, from where you are.'
  return cliErrors.create('NO_SUCH_FILE', { file, suggestion })
}

function isBuildFailure(error: unknown): error is BuildFailure {
  return error instanceof Error && 'errors' in error && Array.isArray(error.errors)
}

function compileError(file: string, directory: string, failure: BuildFailure): Error {
  const addon = failure.errors.map((each) => /No loader is configured for "\.node" files: (\S+)/.exec(each.text)?.[1])
  if (addon[0] !== undefined) return cliErrors.create('NATIVE_ADDON', { file, addon: basename(addon[0]) })
  return cliErrors.create('DOES_NOT_COMPILE', {
    file,
    messages: failure.errors.map((each) => formatMessage(each, directory)).join('\n'),
  })
}

/** `job.ts:12:5: Expected ";"` with the line and a mark below the place. */
function formatMessage(message: Message, directory: string): string {
  const { location, text } = message
  if (location === null) return `  ${text}`
  const mark = `${' '.repeat(location.column)}${'^'.repeat(Math.max(1, location.length))}`
  const file = relative(process.cwd(), resolve(directory, location.file))
  return `  ${file}:${location.line}:${location.column + 1}: ${text}\n    ${location.lineText}\n    ${mark}`
}
