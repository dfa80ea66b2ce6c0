/** What a JobManager measures, while somebody sets the wall clock. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../../core/config/index.ts'
import { ManualClock } from '../../../core/platform/manual-clock.ts'
import { ManualDisk } from '../../../core/platform/manual-disk.ts'
import { seededRandom } from '../../../core/platform/random.ts'
import { Cluster, type TaskManagerLink } from '../../../jobmanager/cluster/cluster.ts'
import { LocalJobStore } from '../../../jobmanager/job-store.ts'
import { jobManagerOptions } from '../../../jobmanager/options.ts'
import { packageVersion, protocolVersion } from '../../../proto/rpc/version.ts'
import { testPlan } from '../../support/plan.ts'

const values = { 'heartbeat.interval': '1s', 'heartbeat.timeout': '5s' }
const slot = { slot: 0, port: 1, jobId: '', attempt: 0, subtasks: [], checkpointId: 0 }
const beat = { kind: 'heartbeat', rssBytes: 0, arenaUsedBytes: 0, arenaFreeSegments: 0, timeMs: 0 } as const
const link: TaskManagerLink = { send: () => undefined, close: () => undefined }
let clock: ManualClock
let cluster: Cluster

beforeEach(() => {
  clock = new ManualClock(1_700_000_000_000)
  cluster = new Cluster({
    clock,
    random: seededRandom(1),
    store: new LocalJobStore(new ManualDisk(), '/jobs'),
    config: loadConfig(jobManagerOptions, [{ name: 'test', values }]),
    epoch: 1,
    checkpoints: 'file:///checkpoints',
    savepoints: 'file:///savepoints',
    cleanLater: () => undefined,
    log: () => undefined,
  })
  const hello = { id: 'tm-1', host: 'localhost', hostName: 'localhost', processId: 1, arenaBytes: 0, slots: [slot] }
  cluster.register({ ...hello, protocol: protocolVersion, version: packageVersion }, link)
})
afterEach(() => cluster.close())

/** Runs immediates and timers of so many ms, and what follows from them. */
async function pass(ms: number): Promise<void> {
  for (let left = ms; left > 0; left -= 1000) {
    cluster.receive(link, 'tm-1', beat)
    await clock.advanceAsync(Math.min(left, 1000))
  }
}

const known = (): number => cluster.taskManagers.length

test('a TaskManager is lost when no heartbeat came for the time-out, and not before', () => {
  clock.advance(4000)
  cluster.receive(link, 'tm-1', beat)
  clock.advance(5000)
  expect(known()).toBe(1)
  clock.advance(2000)
  expect(known()).toBe(0)
})

test('a wall clock that is set forward makes no TaskManager late', () => {
  clock.jump(3_600_000)
  clock.advance(4000)
  expect(known()).toBe(1)
})

test('a wall clock that is set back does not hide that one has gone silent', () => {
  clock.jump(-3_600_000)
  clock.advance(7000)
  expect(known()).toBe(0)
})

test('failures count for as long as their interval, though the wall clock is set back', async () => {
  const options = {
    'restart-strategy.type': 'failure-rate',
    'restart-strategy.failure-rate.max-failures-per-interval': '2',
    'restart-strategy.failure-rate.failure-rate-interval': '1 min',
    'restart-strategy.failure-rate.delay': '1 s',
  }
  const plan = testPlan('fails', 1)
  const job = cluster.submit({
    jobId: '0123456789abcdef',
    plan,
    bundle: new Uint8Array(1),
    options,
    savepointPath: undefined,
    allowNonRestoredState: false,
  })
  const fail = (): string => {
    job.dispatch({ kind: 'failure', cause: { code: 'UNKNOWN', message: 'it does' }, fatal: false })
    return job.state.kind
  }
  const restart = async (): Promise<void> => {
    cluster.receive(link, 'tm-1', { kind: 'slotReleased', slot: 0, jobId: job.id, attempt: job.record.attempt })
    await pass(2000)
    expect(job.state.kind).toBe('deploying')
  }
  await pass(1000)
  for (let i = 0; i < 2; i++) {
    expect(fail()).toBe('restarting')
    await restart()
  }
  clock.jump(-3_600_000)
  await pass(90_000)
  expect(fail()).toBe('restarting')
})
