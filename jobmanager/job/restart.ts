/**
 * Whether a failed job starts again, and after which pause. Pure: the history goes in and comes out.
 */
import { unreachable } from '../../core/assert.ts'
import type { Config } from '../../core/config/index.ts'
import * as options from '../options.ts'

export type RestartStrategy =
  | { readonly kind: 'none' }
  | { readonly kind: 'fixed-delay'; readonly attempts: number; readonly delayMs: number }
  | {
      readonly kind: 'failure-rate'
      readonly failuresMax: number
      readonly intervalMs: number
      readonly delayMs: number
    }
  | {
      readonly kind: 'exponential-delay'
      readonly initialMs: number
      readonly maxMs: number
      readonly multiplier: number
      readonly resetMs: number
      readonly attempts: number
    }

/** Failures so far, as far as they still count, on the monotonic clock; the newest last. */
export interface RestartHistory {
  readonly failuresMs: readonly number[]
}

export const noFailures: RestartHistory = { failuresMs: [] }

export type RestartDecision =
  | { readonly kind: 'restart'; readonly delayMs: number; readonly history: RestartHistory }
  | { readonly kind: 'give-up'; readonly reason: string }

/** More failures than this never decide anything. */
const failuresKept = 1000

export function strategyOf(config: Config): RestartStrategy {
  const kind = config.get(options.restartStrategy)
  switch (kind) {
    case 'none':
      return { kind }
    case 'fixed-delay':
      return {
        kind,
        attempts: config.get(options.fixedDelayAttempts),
        delayMs: config.get(options.fixedDelayDelay),
      }
    case 'failure-rate':
      return {
        kind,
        failuresMax: config.get(options.failureRateMax),
        intervalMs: config.get(options.failureRateInterval),
        delayMs: config.get(options.failureRateDelay),
      }
    case 'exponential-delay':
      return {
        kind,
        initialMs: config.get(options.exponentialInitial),
        maxMs: config.get(options.exponentialMax),
        multiplier: config.get(options.exponentialMultiplier),
        resetMs: config.get(options.exponentialReset),
        attempts: config.get(options.exponentialAttempts),
      }
    default:
      return unreachable(kind as never)
  }
}

export function decideRestart(strategy: RestartStrategy, history: RestartHistory, nowMs: number): RestartDecision {
  const failuresMs = [...history.failuresMs, nowMs].slice(-failuresKept)
  switch (strategy.kind) {
    case 'none':
      return { kind: 'give-up', reason: 'restart-strategy.type is none' }
    case 'fixed-delay':
      if (failuresMs.length > strategy.attempts) {
        return { kind: 'give-up', reason: `it failed after ${strategy.attempts} restarts` }
      }
      return { kind: 'restart', delayMs: strategy.delayMs, history: { failuresMs } }
    case 'failure-rate': {
      const recent = failuresMs.filter((at) => at > nowMs - strategy.intervalMs)
      if (recent.length > strategy.failuresMax) {
        return { kind: 'give-up', reason: `it failed ${recent.length} times within ${strategy.intervalMs} ms` }
      }
      return { kind: 'restart', delayMs: strategy.delayMs, history: { failuresMs: recent } }
    }
    case 'exponential-delay': {
      const last = history.failuresMs.at(-1)
      const quiet = last === undefined || nowMs - last > strategy.resetMs
      const streak = quiet ? [nowMs] : failuresMs
      if (streak.length > strategy.attempts) {
        return { kind: 'give-up', reason: `it failed ${streak.length} times in a row` }
      }
      const delayMs = Math.min(strategy.maxMs, strategy.initialMs * strategy.multiplier ** (streak.length - 1))
      return { kind: 'restart', delayMs, history: { failuresMs: streak } }
    }
    default:
      return unreachable(strategy)
  }
}
