/** What the types of 'millrace/client' allow, and what not: each `@ts-expect-error` is a promise. Never run. */
import { Cluster, isClusterError, type JobStateName, type RunningJob } from '../../sdk/client.ts'
import type { Job } from '../../sdk/index.ts'

declare const job: Job
declare const running: RunningJob

export async function uses(): Promise<void> {
  new Cluster()
  new Cluster('localhost:6123')
  const cluster = new Cluster({ address: 'localhost:6123', awayMs: 5000 })
  // @ts-expect-error: a port alone is no address
  new Cluster(6123)
  await cluster.submit(job, { bundle: new Uint8Array(0), parallelism: 2 })
  // @ts-expect-error: slots need the code
  await cluster.submit(job, { parallelism: 2 })
  // @ts-expect-error: options are texts, as everywhere
  await cluster.submit(job, { bundle: new Uint8Array(0), options: { 'parallelism.default': 2 } })

  await running.rescale(4)
  const { vertices, interruptedMs } = await running.rescale({ parallelism: 2, operators: { counts: 4 } })
  const after: readonly number[] = vertices.map((vertex) => vertex.after + interruptedMs)
  // @ts-expect-error: numbers of subtasks are numbers
  await running.rescale({ operators: { counts: '4' } })
  // @ts-expect-error: nothing else can be set
  await running.rescale({ slots: 4 })

  const state: JobStateName = (await running.until('running')).state
  // @ts-expect-error: there is no such state
  await running.until('runing')
  try {
    await running.finished()
  } catch (error) {
    if (isClusterError(error, 'CLIENT_JOB_FAILED')) console.log(error.code, error.hint, error.retry, after, state)
    // @ts-expect-error: there is no such code
    if (isClusterError(error, 'CLIENT_JOB_LOST')) console.log(error)
  }
}
