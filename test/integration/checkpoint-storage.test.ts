/** Storage of checkpoints that goes away and comes back, under a job of real processes: records go on, people are told. */
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { JobInfo } from '../../proto/client.ts'
import { ChaosCluster } from '../chaos/cluster.ts'
import { FaultyS3, type S3Fault } from '../support/faulty-s3.ts'

const jobFile = fileURLToPath(new URL('./recovery-job.ts', import.meta.url))
let cluster: ChaosCluster
let s3: FaultyS3
let fault: S3Fault | undefined

beforeAll(async () => {
  s3 = await FaultyS3.start({ fault: () => fault })
  cluster = await ChaosCluster.start({ taskManagers: 1, slots: 2, options: s3.settings })
})
afterAll(async () => {
  await cluster.close()
  await s3.close()
})

function submit(directory: string, more: Readonly<Record<string, string>>): Promise<string> {
  const given = {
    'execution.checkpointing.interval': '100ms',
    'execution.checkpointing.dir': directory,
    'recovery.order': join(cluster.directory, 'order'),
    ...more,
  }
  return cluster.submit(jobFile, given, 1)
}
const completed = ({ checkpointCounts }: JobInfo): number => checkpointCounts?.completed ?? 0
const records = ({ vertices }: JobInfo): number => vertices.reduce((sum, { recordsIn }) => sum + recordsIn, 0)

/** Fails in between: the job goes on, says why, and completes checkpoints again. */
async function survives(job: string, away: () => void, back: () => void): Promise<void> {
  await cluster.untilJob('a checkpoint', job, (info) => completed(info) > 0)
  away()
  const failed = await cluster.untilJob('a checkpoint that failed', job, (info) =>
    info.checkpoints.some(({ state }) => state === 'failed'),
  )
  const reason = failed.checkpoints.find(({ state }) => state === 'failed')?.reason ?? ''
  expect(reason.length).toBeGreaterThan(20)
  const later = await cluster.untilJob('more records', job, (info) => records(info) > records(failed))
  expect(later.status).toMatchObject({ state: 'running', attempt: 1 })
  back()
  const then = await cluster.client.info(job)
  await cluster.untilJob('a checkpoint again', job, (info) => completed(info) > completed(then))
  expect((await cluster.client.info(job)).status).toMatchObject({ state: 'running', attempt: 1 })
  await cluster.client.cancel(job)
  await cluster.untilJob('the end', job, ({ status }) => status.terminal)
}

const tolerant = { 'execution.checkpointing.tolerable-failed-checkpoints': '1000' }

test('a directory that is gone for a while fails checkpoints, not the job', async () => {
  const directory = join(cluster.directory, 'storage')
  mkdirSync(directory)
  const job = await submit(`file://${directory}`, tolerant)
  await survives(
    job,
    () => {
      renameSync(directory, `${directory}.away`)
      writeFileSync(directory, 'a file where the directory was')
    },
    () => {
      rmSync(directory)
      renameSync(`${directory}.away`, directory)
    },
  )
})

test('S3 that answers with errors for a while fails checkpoints, not the job', async () => {
  const job = await submit('s3://bucket/checkpoints', tolerant)
  await survives(
    job,
    () => {
      fault = 'slow-down'
    },
    () => {
      fault = undefined
    },
  )
})

test('without tolerance the job restarts, and says which checkpoint failed and why', async () => {
  const directory = join(cluster.directory, 'intolerant')
  mkdirSync(directory)
  const job = await submit(`file://${directory}`, {})
  await cluster.untilJob('a checkpoint', job, (info) => completed(info) > 0)
  renameSync(directory, `${directory}.away`)
  writeFileSync(directory, 'a file where the directory was')
  const failed = await cluster.untilJob('the failure', job, ({ failures }) => failures.length > 0)
  expect(failed.failures.map(({ code }) => code)).toContain('JOBMANAGER_CHECKPOINTS_FAILING')
  rmSync(directory)
  renameSync(`${directory}.away`, directory)
  const again = await cluster.untilJob(
    'the job to run again',
    job,
    ({ status }) => status.state === 'running' && status.attempt > 1,
  )
  expect(again.restored?.checkpointId).toBeGreaterThan(0)
  await cluster.client.cancel(job)
})
