/**
 * In which order jobs are offered free slots, and who has to wait for whom: a job that follows the slots of the cluster
 * (scheduler-mode: reactive) has them all, so it is never in the cluster together with another one. Pure.
 */

export interface Candidate {
  readonly name: string
  readonly terminal: boolean
  readonly reactive: boolean
  /** It has had slots before. */
  readonly begun: boolean
}

export interface Turn<T> {
  readonly candidate: T
  /** Why it is not offered any. */
  readonly behind: string | undefined
}

/** `oldestFirst`: all jobs. What has run before gets its slots back before others get their first. */
export function turnsOf<T extends Candidate>(oldestFirst: readonly T[]): readonly Turn<T>[] {
  const alive = oldestFirst.filter(({ terminal }) => !terminal)
  const begun = alive.filter((job) => job.begun)
  const others = alive.filter((job) => !job.begun)
  const queue = [...begun, ...others]
  return queue.map((candidate, index) => {
    const { begun, reactive } = candidate
    const before = begun ? undefined : queue.slice(0, index).find((each) => each.reactive || reactive)
    return { candidate, behind: before && reasonOf(before) }
  })
}

function reasonOf({ name, reactive }: Candidate): string {
  if (reactive)
    return `needs slots, and job ${name} takes all that there are (scheduler-mode: reactive): it begins when that one has ended`
  return `needs the cluster for itself (scheduler-mode: reactive): it begins when job ${name} has ended`
}
