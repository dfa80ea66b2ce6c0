/**
 * A program that runs a job: submits it to a cluster, waits until it runs, gives it more subtasks, and waits for its end.
 *
 *   node examples/embed.ts examples/word-count.ts localhost:6123 out=results rate=50
 */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { jobOf } from 'millrace'
import { bundleJob, Cluster, isClusterError } from 'millrace/client'

const [file = 'examples/word-count.ts', address = 'localhost:6123', ...given] = process.argv.slice(2)
const options = Object.fromEntries(given.map((each) => each.split('=', 2) as [string, string]))

const cluster = new Cluster(address)
try {
  const job = jobOf(await import(pathToFileURL(resolve(file)).href), file)
  const running = await cluster.submit(job, {
    bundle: await bundleJob(file),
    options: { 'execution.checkpointing.interval': '1s', ...options },
  })
  console.log(`submitted ${running.id}`)
  await running.until('running')
  const { slotsFree } = await cluster.info()
  try {
    const { vertices, interruptedMs } = await running.rescale(1 + Math.min(1, slotsFree))
    const changes = vertices.map(({ name, before, after }) => `${name} ${before} -> ${after}`)
    console.log(`${changes.join(', ')}; nothing was processed for ${Math.round(interruptedMs)} ms`)
  } catch (error) {
    // It was quicker than we were: nothing is left to be rescaled.
    if (!isClusterError(error, 'JOBMANAGER_NOT_RUNNING') && !isClusterError(error, 'JOBMANAGER_RESCALE_FAILED'))
      throw error
    console.log(error.message)
  }
  const { state, attempt } = await running.finished()
  console.log(`${state} after ${attempt} attempts`)
} finally {
  cluster.close()
}
