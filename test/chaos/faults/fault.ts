/** What a fault of a chaos run is. One is injected and healed; how the job fares is not its business. */
import type { JobInfo } from '../../../proto/client.ts'
import type { Configuration, Environment } from '../environment.ts'

/** A running job and what it runs on. */
export interface World {
  readonly environment: Environment
  readonly job: string
  /** A file that a slot of the job which sees it takes away, and then ends its thread. */
  readonly slotKill: string
  /** Parallelism that all TaskManagers but one have slots for. */
  readonly parallelismMax: number
  /** What the JobManager says of the job now. */
  info(): Promise<JobInfo>
  /** Names of the TaskManagers that run something of the job, sorted. */
  users(): Promise<readonly string[]>
  /** Waits until `condition` gives something; undefined when it does not in time. */
  within<T>(limitMs: number, condition: () => Promise<T | false | undefined> | T | false): Promise<T | undefined>
}

export interface Injected {
  /** What was hurt, for people. */
  readonly what: string
  /** When it began, epoch ms; absent: when `inject` was called. */
  readonly atMs?: number
  /** Ends it: what was killed runs again, what was cut is whole. */
  heal(): Promise<void>
}

export interface Fault {
  /** Whether this configuration has what it hurts. */
  possible(configuration: Configuration): boolean
  /** `draw` chooses among victims. Undefined: it could not strike now; nothing is changed. */
  inject(world: World, draw: number): Promise<Injected | undefined>
}

export const pick = <T>(list: readonly T[], draw: number): T => list[draw % list.length] as T

export const always = (): boolean => true
export const nothingToHeal = async (): Promise<void> => undefined
