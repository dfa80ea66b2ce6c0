/** The leading JobManager of two is killed, with Redis: when a job can be submitted again, and whether the running one stops. */
import type { ChildProcess } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClusterClient } from '../../proto/client.ts'
import { freePorts } from '../../test/support/ports.ts'
import { RedisServer } from '../../test/support/redis-server.ts'
import { endProcess, startProcess, waitFor } from '../lib/cluster.ts'
import { longestGapMs, readOutputs, writeControl } from '../lib/state-control.ts'
import { pause, submitStateJob } from './large-job.ts'

export async function leader(rounds: number): Promise<unknown> {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-bench-'))
  const redis = await RedisServer.start()
  const ports = await freePorts(2)
  const addresses = ports.map((port) => `127.0.0.1:${port}`).join(',')
  const common = {
    'high-availability.type': 'redis',
    'high-availability.redis.url': redis.url,
    'high-availability.storage-dir': `file://${join(directory, 'ha')}`,
    'execution.checkpointing.dir': `file://${join(directory, 'checkpoints')}`,
  }
  const jobManager = (index: number): ChildProcess =>
    startProcess(
      'jobmanager',
      {
        ...common,
        'jobmanager.rpc.port': String(ports[index]),
        'jobmanager.data-dir': join(directory, `jobmanager-${index}`),
      },
      true,
    )
  const jobManagers = [jobManager(0), jobManager(1)]
  const taskManager = startProcess(
    'taskmanager',
    {
      'jobmanager.rpc.addresses': addresses,
      'taskmanager.numberOfTaskSlots': String(2 + rounds),
      'taskmanager.memory.task.heap.size': '256mb',
      'taskmanager.data-dir': join(directory, 'taskmanager'),
    },
    true,
  )
  const client = createClusterClient({ address: addresses })
  const results: Record<string, number>[] = []
  try {
    await waitFor(
      () =>
        client.cluster().then(
          ({ slotsTotal }) => slotsTotal > 0,
          () => false,
        ),
      'the cluster',
      40_000,
    )
    const own = join(directory, 'job')
    mkdirSync(own)
    writeControl(own, { rate: 20_000 })
    const options = { 'large.keys': '100000', 'execution.checkpointing.interval': '1s' }
    const jobId = await submitStateJob(client, own, 2, options)
    await waitFor(() => readOutputs(own).length === 2, 'its output')
    for (let round = 0; round < rounds; round++) {
      await pause(3000)
      const usualGapMs = longestGapMs(readOutputs(own), Date.now() - 2500, Date.now())
      const { address } = await client.cluster()
      const index = ports.findIndex((port) => address.endsWith(`:${port}`))
      const killedMs = Date.now()
      await endProcess(jobManagers[index] as ChildProcess, 'SIGKILL')
      const other = join(directory, `other-${round}`)
      mkdirSync(other)
      writeControl(other, { rate: 10 })
      await submitStateJob(client, other, 1, {})
      const submittedMs = Date.now() - killedMs
      await waitFor(() => readOutputs(other).length > 0, 'the output of the new job', 30_000)
      const newJobOutputMs = Date.now() - killedMs
      await pause(2000)
      const { status } = await client.info(jobId)
      results.push({
        submittedMs,
        newJobOutputMs,
        usualGapMs,
        longestGapMs: longestGapMs(readOutputs(own), killedMs - 500, Date.now() - 100),
        attempt: status.attempt,
      })
      process.stderr.write(`${JSON.stringify(results.at(-1))}\n`)
      jobManagers[index] = jobManager(index)
    }
    return { rounds: results }
  } finally {
    client.close()
    await Promise.all([taskManager, ...jobManagers].map((child) => endProcess(child, 'SIGKILL')))
    await redis.close()
    rmSync(directory, { recursive: true, force: true })
  }
}
