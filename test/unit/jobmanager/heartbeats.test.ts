import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadConfig } from '../../../core/config/index.ts'
import { ManualClock } from '../../../core/platform/manual-clock.ts'
import { ManualDisk } from '../../../core/platform/manual-disk.ts'
import { seededRandom } from '../../../core/platform/random.ts'
import { Cluster, type TaskManagerLink } from '../../../jobmanager/cluster/cluster.ts'
import { LocalJobStore } from '../../../jobmanager/job-store.ts'
import { jobManagerOptions } from '../../../jobmanager/options.ts'
import { packageVersion, protocolVersion } from '../../../proto/rpc/version.ts'

const values = { 'heartbeat.interval': '1s', 'heartbeat.timeout': '5s' }
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
  const hello = { id: 'tm-1', host: 'localhost', hostName: 'localhost', processId: 1, arenaBytes: 0, slots: [] }
  cluster.register({ ...hello, protocol: protocolVersion, version: packageVersion }, link)
})
afterEach(() => cluster.close())

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
