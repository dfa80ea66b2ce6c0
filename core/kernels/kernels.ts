/**
 * Loads the kernels: one compiled module per thread, instantiated over any shared memory. Promises the same functions
 * whether the machine runs them as WebAssembly with SIMD or as the TypeScript twin.
 *
 * Concurrency: instances have no state of their own; the module's static data, if any, lies in the first 64 KB of the
 * memory, is constant, and is written again with the same bytes by each instance.
 */
import { fileURLToPath } from 'node:url'
import { defineErrors } from '../errors.ts'
import { systemDisk } from '../platform/disk.ts'
import type { Kernels } from './signature.ts'
import { createTwin } from './twin.ts'

const errors = defineErrors('KERNELS', {
  NOT_BUILT: {
    text: 'the compiled kernels are missing: {path}',
    hint: 'Run `npm run build` once.',
    blame: 'user',
    retry: 'never',
  },
})

let compiled: WebAssembly.Module | undefined
let unsupported = false

/**
 * All exports of the module over `memory` (shared, at least 64 KB, the first 64 KB left alone); undefined on a machine
 * without WebAssembly SIMD. Throws KERNELS_NOT_BUILT.
 */
export function instantiateKernels(memory: WebAssembly.Memory): WebAssembly.Exports | undefined {
  const module = moduleOf()
  if (module === undefined) return undefined
  const abort = (): never => {
    throw new Error('a kernel was called out of its bounds')
  }
  return new WebAssembly.Instance(module, { env: { memory, abort } }).exports
}

/** The column kernels over `memory`, native where possible. */
export function createKernels(memory: WebAssembly.Memory): Kernels {
  const exports = instantiateKernels(memory)
  // The compiler of the kernels checks the other side; a test holds both to the signature.
  return exports === undefined ? createTwin(memory) : (exports as unknown as Kernels)
}

function moduleOf(): WebAssembly.Module | undefined {
  if (compiled !== undefined || unsupported) return compiled
  const bytes = new Uint8Array(systemDisk.read(findModule()))
  if (WebAssembly.validate(bytes)) compiled = new WebAssembly.Module(bytes)
  else unsupported = true
  return compiled
}

function findModule(): string {
  // From source: core/kernels; published: dist/core/kernels.
  const places = ['../../build/kernels.wasm', '../../../build/kernels.wasm'].map((at) =>
    fileURLToPath(new URL(at, import.meta.url)),
  )
  for (const path of places) if (systemDisk.exists(path)) return path
  throw errors.create('NOT_BUILT', { path: places[0] })
}
