/** Pauses between attempts: exponential, bounded, with jitter so that many who failed together do not return together. */
import type { Random } from '../platform/random.ts'

export interface BackoffPolicy {
  readonly initialMs: number
  readonly maxMs: number
  /** Growth per attempt, at least 1. */
  readonly factor: number
  /** Share of the pause that is random, 0 to 1: a pause p becomes p * (1 - jitter) to p * (1 + jitter). */
  readonly jitter: number
}

/** The pause before attempt `attempt` (1 is the first repetition), in ms. Pure but for `random`. */
export function backoffMs(policy: BackoffPolicy, attempt: number, random: Random): number {
  const plain = Math.min(policy.maxMs, policy.initialMs * policy.factor ** (attempt - 1))
  return Math.min(policy.maxMs, Math.round(plain * (1 - policy.jitter + 2 * policy.jitter * random.next())))
}
