/**
 * How user code is loaded: bundles import us by our own name from wherever they lie, and must get this very copy, since a
 * second one would have other classes and other registries. And the positions in their errors are those of the sources.
 * Both are switched on per thread; each thread that imports a bundle calls `provideOwnPackage` first.
 */
import { readFileSync } from 'node:fs'
import { registerHooks, setSourceMapsSupport } from 'node:module'

type Entry = Readonly<Record<string, string>>

/** From sources the package is two folders up, from dist/ three. */
const fromSources = import.meta.url.endsWith('.ts')
const root = new URL(fromSources ? '../../' : '../../../', import.meta.url)

let provided = false

/** URL of what `millrace` or `millrace/…` means in this process; undefined for any other name. */
export function ownModule(name: string): string | undefined {
  return ownModules().get(name)
}

let modules: Map<string, string> | undefined

function ownModules(): ReadonlyMap<string, string> {
  if (modules === undefined) {
    const manifest = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as {
      readonly name: string
      readonly exports: Readonly<Record<string, Entry>>
    }
    modules = new Map()
    for (const [path, entry] of Object.entries(manifest.exports)) {
      const file = fromSources ? entry.source : entry.default
      if (file !== undefined) modules.set(manifest.name + path.slice(1), new URL(file, root).href)
    }
  }
  return modules
}

/**
 * From now on `import … from 'millrace'` in this thread gives this copy, whoever imports it, and stacks show the
 * positions of the sources. Calling it again does nothing.
 */
export function provideOwnPackage(): void {
  if (provided) return
  provided = true
  setSourceMapsSupport(true, { nodeModules: true, generatedCode: true })
  registerHooks({
    resolve(specifier, context, next) {
      return next(ownModules().get(specifier) ?? specifier, context)
    },
  })
}

/** Version of the package that runs. */
export function ownVersion(): string {
  return (JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { readonly version: string }).version
}
