/**
 * The memory of one stateful operator: a shared WebAssembly memory that grows up to 4 GB, cut into blocks of powers of two.
 * It goes back to the system as a whole, when nobody refers to it any more.
 *
 * Concurrency: one thread allocates, frees and grows. Views are replaced when the memory grows: read them again after any
 * call that may allocate. Addresses stay.
 */
import { instantiateKernels } from '../../core/kernels/kernels.ts'
import type { RestoreKernels } from '../../core/kernels/restore-signature.ts'
import { createRestoreTwin } from '../../core/kernels/restore-twin.ts'
import type { RunKernels } from '../../core/kernels/run-signature.ts'
import { createRunTwin } from '../../core/kernels/run-twin.ts'
import type { StateKernels } from '../../core/kernels/state-signature.ts'
import { createStateTwin } from '../../core/kernels/state-twin.ts'
import { stateErrors } from './errors.ts'

const pageBytes = 65536
const reservedBytes = 65536
const pagesMax = 65536
const smallestShift = 6

export class StateMemory {
  readonly memory: WebAssembly.Memory
  readonly kernels: StateKernels & RestoreKernels & RunKernels
  u8!: Uint8Array
  i32!: Int32Array
  u32!: Uint32Array
  f64!: Float64Array
  i64!: BigInt64Array
  buffer!: Buffer
  /** Bytes in blocks that are in use. */
  usedBytes = 0
  #end = reservedBytes
  readonly #free: number[][] = Array.from({ length: 33 }, () => [])

  /** `twin`: run the kernels' TypeScript twins, for tests. */
  constructor(twin = false) {
    this.memory = new WebAssembly.Memory({ initial: 16, maximum: pagesMax, shared: true })
    this.#views()
    const exports = twin ? undefined : instantiateKernels(this.memory)
    this.kernels =
      exports === undefined
        ? { ...createStateTwin(this), ...createRestoreTwin(this), ...createRunTwin(this) }
        : (exports as unknown as StateKernels & RestoreKernels & RunKernels)
  }

  /** Address of a block of at least `bytes` bytes, aligned to 64; its content is undefined. Throws STATE_MEMORY_FULL. */
  allocate(bytes: number): number {
    const shift = shiftOf(bytes)
    this.usedBytes += 2 ** shift
    const free = this.#free[shift].pop()
    if (free !== undefined) return free
    const at = this.#end
    // Kernels may read a few bytes past a block.
    const end = at + 2 ** shift
    this.#reserve(end + 64)
    this.#end = end
    return at
  }

  /** The same, filled with zeros. */
  allocateZeroed(bytes: number): number {
    const shift = shiftOf(bytes)
    const fresh = this.#free[shift].length === 0
    const at = this.allocate(bytes)
    if (!fresh) this.u8.fill(0, at, at + 2 ** shift)
    return at
  }

  /** Gives back a block that was asked for with `bytes`. */
  free(address: number, bytes: number): void {
    const shift = shiftOf(bytes)
    this.usedBytes -= 2 ** shift
    this.#free[shift].push(address)
  }

  #reserve(end: number): void {
    const has = this.u8.length
    if (end <= has) return
    if (end > pagesMax * pageBytes) throw stateErrors.create('MEMORY_FULL')
    const wanted = Math.min(pagesMax, Math.ceil(Math.max(end, has * 1.5) / pageBytes))
    this.memory.grow(wanted - has / pageBytes)
    this.#views()
  }

  #views(): void {
    const { buffer } = this.memory
    this.u8 = new Uint8Array(buffer)
    this.i32 = new Int32Array(buffer)
    this.u32 = new Uint32Array(buffer)
    this.f64 = new Float64Array(buffer)
    this.i64 = new BigInt64Array(buffer)
    this.buffer = Buffer.from(buffer)
  }
}

function shiftOf(bytes: number): number {
  return bytes <= 1 << smallestShift ? smallestShift : 32 - Math.clz32(bytes - 1)
}
