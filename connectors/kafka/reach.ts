/** The first contact with a cluster: waited for with growing pauses, and said so, so that nobody looks at a job that stands still in silence. */
import type { Logger } from '../../core/log.ts'
import { type KafkaCluster, mayPass } from './client/cluster.ts'

/** Resolves when a broker answers. Rejects at once for what waiting does not help, such as a login that is refused. */
export async function reachBrokers(cluster: KafkaCluster, log: Logger): Promise<void> {
  let isTold = false
  await cluster.retrying(async () => {
    try {
      await cluster.refresh([])
      if (isTold) log.info('the brokers answer')
    } catch (error) {
      if (!isTold && mayPass(error)) log.warn({ reason: (error as Error).message }, 'no broker answers: trying again')
      isTold = true
      throw error
    }
  })
}
