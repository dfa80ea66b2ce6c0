/**
 * Fuzzing of decoders: valid bytes are damaged in many ways, and the decoder must give a value or a coded error, soon. A
 * run is repeated by its seed.
 */
import { isMillraceError } from '../../core/errors.ts'
import { type Random, seededRandom } from '../../core/platform/random.ts'

export interface FuzzTarget {
  /** Name of the format. */
  readonly name: string
  /** Valid files of all kinds. */
  seeds(): readonly Uint8Array[]
  /** Reads everything that is in the bytes. */
  decode(bytes: Uint8Array): unknown
  /** Begin of the codes of errors that it may throw. */
  readonly codes: readonly string[]
  /** How many different codes damage must bring about; default 2. */
  readonly codesMin?: number
  /** Makes checksums right again as far as possible, so that damage gets past them. */
  reseal?(bytes: Uint8Array): Uint8Array
}

export interface FuzzResult {
  readonly accepted: number
  readonly refused: Readonly<Record<string, number>>
}

/** Longest time for one input: a decoder that takes longer would let an input of a few bytes stop a process. */
const inputMsMax = 100

/** Throws for the first input that is handled wrongly, with the input and the seed. */
export function fuzz(target: FuzzTarget, seed: number, runs: number): FuzzResult {
  const random = seededRandom(seed)
  const seeds = target.seeds()
  const refused: Record<string, number> = {}
  let accepted = 0
  for (const bytes of seeds) target.decode(bytes)
  for (let run = 0; run < runs; run++) {
    let input = damage(seeds, random)
    if (target.reseal !== undefined && random.integer(2) === 0) input = target.reseal(input)
    const start = performance.now()
    try {
      target.decode(input)
      accepted++
    } catch (error) {
      if (!isMillraceError(error) || !target.codes.some((code) => error.code.startsWith(code)))
        throw report(target, seed, run, input, error)
      refused[error.code] = (refused[error.code] ?? 0) + 1
    }
    const tookMs = performance.now() - start
    if (tookMs > inputMsMax && isSlow(target, input)) {
      throw report(target, seed, run, input, new Error(`took ${tookMs} ms`))
    }
  }
  return { accepted, refused }
}

/** Slow whenever it is read, and by its own work: the machine may have been busy with something else the first time. */
function isSlow(target: FuzzTarget, input: Uint8Array): boolean {
  const decode = (): void => {
    try {
      target.decode(input)
    } catch (error) {
      if (!isMillraceError(error)) throw error
    }
  }
  for (let again = 0; again < 5; again++) if (workMs(decode) <= inputMsMax) return false
  return true
}

/** CPU that this thread spends on it, ms. */
export function workMs(work: () => unknown): number {
  const before = process.threadCpuUsage()
  work()
  const { user, system } = process.threadCpuUsage(before)
  return (user + system) / 1000
}

function report(target: FuzzTarget, seed: number, run: number, input: Uint8Array, cause: unknown): Error {
  const shown = Buffer.from(input.subarray(0, 4096)).toString('base64')
  return new Error(
    `${target.name}: input ${run} of seed ${seed} is handled wrongly: ${cause}\n${input.length} bytes, base64: ${shown}`,
    { cause },
  )
}

const numbers = [0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]

function damage(seeds: readonly Uint8Array[], random: Random): Uint8Array {
  let bytes: Buffer = Buffer.from(seeds[random.integer(seeds.length)])
  for (let times = 1 + random.integer(4); times > 0; times--) bytes = damageOnce(bytes, seeds, random)
  return bytes
}

function damageOnce(bytes: Buffer, seeds: readonly Uint8Array[], random: Random): Buffer {
  if (bytes.length === 0) return Buffer.from(random.bytes(random.integer(64)))
  // Heads and tails hold the interesting numbers.
  const near = random.integer(3)
  const span = near === 0 ? bytes.length : Math.min(bytes.length, 96)
  const at = near === 2 ? bytes.length - 1 - random.integer(span) : random.integer(span)
  switch (random.integer(8)) {
    case 0:
      bytes[at] ^= 1 << random.integer(8)
      return bytes
    case 1:
      bytes[at] = random.integer(256)
      return bytes
    case 2: {
      if (bytes.length < 4) return bytes
      bytes.writeUInt32LE(numbers[random.integer(numbers.length)], Math.min(at, bytes.length - 4))
      return bytes
    }
    case 3: {
      if (bytes.length < 4) return bytes
      const place = Math.min(at, bytes.length - 4)
      bytes.writeUInt32LE((bytes.readUInt32LE(place) + random.integer(5) - 2) >>> 0, place)
      return bytes
    }
    case 4:
      return bytes.subarray(0, at)
    case 5:
      return Buffer.concat([bytes.subarray(0, at), random.bytes(random.integer(32)), bytes.subarray(at)])
    case 6: {
      const other = seeds[random.integer(seeds.length)]
      return Buffer.concat([bytes.subarray(0, at), other.subarray(random.integer(other.length + 1))])
    }
    default:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + 1 + random.integer(16)))])
  }
}
