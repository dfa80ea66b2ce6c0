/**
 * One chaos run of a broker: real clients write, read and come and go while the broker is killed again and again; then everything comes
 * to rest, the logs are read as a whole, and the checker judges.
 */
import { systemDisk } from '../../../core/platform/disk.ts'
import { seededRandom } from '../../../core/platform/random.ts'
import { BrokerProcess } from './broker-process.ts'
import { check, type Violation } from './checker.ts'
import { copier } from './copier.ts'
import type { History } from './history.ts'
import { Load, quietly } from './load.ts'
import { follow, readWhole, settled } from './log-reader.ts'
import { kafkaJsMember, platformaticMember, watchOffsets } from './members.ts'
import type { PlannedKill } from './schedule.ts'
import { lateBatches, lateCommits, ownTransactions } from './second-form.ts'
import { kafkaJsTransactions, platformaticTransactions, zombies } from './transactions.ts'
import { kafkaJsWriter, plainWriter, platformaticWriter } from './writers.ts'

export interface LogChaosOptions {
  readonly seed: number
  readonly kills: readonly PlannedKill[]
  /** For the broker, besides those that every run has: seeded bugs, say. */
  readonly options?: Readonly<Record<string, string>>
  /** How long a broker may take to come to the point at which it is to die; then it is killed anyway. Default 5 s. */
  readonly lateMs?: number
  readonly progress?: (line: string) => void
  /** Keep the directory when something is wrong. Default true. */
  readonly keepFailed?: boolean
}

export interface LogChaosResult {
  readonly violations: readonly Violation[]
  readonly kills: number
  /** How many kills came where. A point that was not reached in time counts as `late`. */
  readonly killsAt: Readonly<Record<string, number>>
  readonly powerLosses: number
  readonly sends: number
  readonly acknowledged: number
  readonly transactions: Readonly<Record<string, number>>
  readonly polled: number
  /** Milliseconds of each restart, until it took requests. */
  readonly restartMs: readonly number[]
  readonly errors: ReadonlyMap<string, number>
  readonly seconds: number
  readonly directory: string | undefined
  /** What the broker said of itself, without what a start after a kill always says. */
  readonly notes: string
}

const segmentBytes = '65536'
const topics = [
  { topic: 'plain', numPartitions: 3, configs: {} },
  { topic: 'tx', numPartitions: 3, configs: {} },
  { topic: 'copies', numPartitions: 2, configs: {} },
  {
    topic: 'latest',
    numPartitions: 2,
    configs: { 'cleanup.policy': 'compact', 'min.cleanable.dirty.ratio': '0.01', 'segment.bytes': '16384' },
  },
]
const partitionsOf = (topic: string, count: number): string[] =>
  Array.from({ length: count }, (_, partition) => `${topic}/${partition}`)

const brokerOptions = {
  'broker.group.initial.rebalance.delay': '0ms',
  'broker.topics.auto-create': 'false',
  'broker.topic.durability': 'group',
  'broker.offsets.topic.num.partitions': '3',
  'broker.transaction.state.num.partitions': '3',
  'broker.transaction.abort.check.interval': '500ms',
  'broker.log.checkpoint.interval': '700ms',
  'broker.log.cleaner.interval': '400ms',
  // Cold reads too.
  'broker.log.tail-size': '256kb',
}

/** How long a broker runs on when it does not come to the point at which it is to die. */
const usualLateMs = 5000

export async function runLogChaos(options: LogChaosOptions): Promise<LogChaosResult> {
  const { seed, kills, lateMs = usualLateMs, progress = () => undefined } = options
  const begun = performance.now()
  const broker = new BrokerProcess({ ...brokerOptions, ...options.options }, seed)
  const killsAt: Record<string, number> = {}
  const restartMs: number[] = []
  const note = (line: string): void => progress(line)
  let keep = options.keepFailed ?? true
  try {
    await broker.start()
    const load = new Load(broker.address, seededRandom(seed))
    await createTopics(load)
    const running = startLoad(load)
    let died = 0
    for (const [index, kill] of kills.entries()) {
      const started = performance.now()
      if (index > 0 || kill.at !== 'random') {
        // The first life is over, whatever it was for; this one ends as this kill says.
        if (broker.isRunning) await broker.kill(false)
        if (await broker.start(kill)) restartMs.push(performance.now() - started)
      }
      const atPoint = kill.at !== 'random' && (await broker.diesWithin(kill.at === 'recovery' ? 0 : lateMs))
      if (kill.at === 'random') await load.pause(kill.after)
      if (!atPoint) await broker.kill(kill.power)
      const where = kill.at === 'random' || atPoint ? kill.at : 'late'
      killsAt[where] = (killsAt[where] ?? 0) + 1
      died++
      note(
        `kill ${died} of ${kills.length}: ${where}${kill.power ? ', power lost' : ''}; ${load.history.sends.length} sent`,
      )
      await load.pause(load.random.integer(150))
    }
    if (!broker.isRunning) await broker.start()
    // A while without kills, so that every client finds the broker again.
    await load.pause(1500)
    const stuck = await comeToRest(load, running, note)
    for (const { topic, numPartitions, configs } of topics) {
      for (const partition of partitionsOf(topic, numPartitions)) {
        try {
          load.history.final.push(await readWhole(broker.address, partition, 'cleanup.policy' in configs))
        } catch (error) {
          stuck.push({ kind: 'lost-write', detail: `nobody can read ${partition}: ${(error as Error).message}` })
        }
      }
    }
    const violations = [...stuck, ...check(load.history)]
    keep &&= violations.length > 0
    if (keep) systemDisk.write(`${broker.directory}/history.json`, JSON.stringify(load.history))
    return {
      violations,
      kills: died,
      killsAt,
      powerLosses: kills.filter(({ power }) => power).length,
      ...counts(load.history),
      restartMs,
      errors: load.errors,
      seconds: (performance.now() - begun) / 1000,
      directory: keep ? broker.directory : undefined,
      notes: broker.notes,
    }
  } catch (error) {
    throw new Error(`seed ${seed}: ${(error as Error).message}\n${broker.notes.slice(-3000)}`, { cause: error })
  } finally {
    if (keep) await broker.kill(false)
    else await broker.remove()
  }
}

async function createTopics(load: Load): Promise<void> {
  const admin = load.kafka.admin()
  await admin.connect()
  await admin.createTopics({
    topics: topics.map(({ topic, numPartitions, configs }) => ({
      topic,
      numPartitions,
      configEntries: Object.entries({ 'segment.bytes': segmentBytes, ...configs }).map(([name, value]) => ({
        name,
        value,
      })),
    })),
  })
  await admin.disconnect()
}

interface RunningLoad {
  readonly writers: Promise<unknown>
  readonly copiers: Promise<unknown>
  readonly readers: Promise<unknown>
}

const groups = [
  { group: 'members-js', topics: ['plain', 'tx'], partitions: [...partitionsOf('plain', 3), ...partitionsOf('tx', 3)] },
  { group: 'members-pt', topics: ['plain'], partitions: partitionsOf('plain', 3) },
]

function startLoad(load: Load): RunningLoad {
  const [js, pt] = groups as [(typeof groups)[0], (typeof groups)[0]]
  const tx = { topic: 'tx', partitions: 3 }
  const latest = { topic: 'latest', partitions: 2 }
  const plain = { topic: 'plain', partitions: 3 }
  return {
    writers: Promise.all([
      kafkaJsWriter(load, 'js', 'plain', 3),
      kafkaJsWriter(load, 'js-keys', 'latest', 2, 12),
      plainWriter(load, 'js-plain', 'plain', 3),
      platformaticWriter(load, 'pt', 'plain', 3),
      kafkaJsTransactions(load, 'js-tx', [tx, plain]),
      kafkaJsTransactions(load, 'js-tx-2', [tx]),
      platformaticTransactions(load, 'pt-tx', [tx, latest]),
      zombies(load, 'zombie', [tx]),
      ownTransactions(load, 'own-tx', [tx, plain]),
      lateBatches(load, 'late', tx),
      lateCommits(load, 'late-commit', tx),
    ]),
    copiers: Promise.all([copier(load, 'plain/0', 'copies/0'), copier(load, 'tx/0', 'copies/1')]),
    readers: Promise.all([
      ...['plain/0', 'tx/1', 'latest/0'].map((each) => follow(load, `follower of ${each}`, each, false)),
      ...['plain/1', 'tx/0', 'tx/2'].map((each) => follow(load, `reader of ${each}`, each, true)),
      ...['a', 'b', 'c'].map((name) => kafkaJsMember(load, js.group, name, js.topics)),
      platformaticMember(load, pt.group, 'pt', pt.topics),
      ...groups.map((each) => watchOffsets(load, each.group, each.topics)),
    ]),
  }
}

/** Writers end, transactions end, copiers and groups come to the end. What does not is a violation of its own. */
async function comeToRest(load: Load, running: RunningLoad, note: (line: string) => void): Promise<Violation[]> {
  const stuck: Violation[] = []
  const until = async (what: string, promise: Promise<unknown>, withinMs: number): Promise<void> => {
    let timer: NodeJS.Timeout | undefined
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(true), withinMs)
    })
    if (await Promise.race([promise.then(() => false), late])) stuck.push({ kind: 'stuck', detail: what })
    clearTimeout(timer)
  }
  note('writers stop')
  load.writersStop = true
  load.churnStops = true
  await until('the writers do not come to an end', running.writers, 40_000)
  note('open transactions end')
  const everywhere = topics.flatMap(({ topic, numPartitions }) => partitionsOf(topic, numPartitions))
  try {
    await settled(load.address, everywhere, 30_000)
  } catch (error) {
    stuck.push({ kind: 'stuck', detail: (error as Error).message })
  }
  await until('the copiers do not come to an end', running.copiers, 30_000)
  note('groups read to the end')
  for (const { group, partitions } of groups) {
    await groupIsThere(load, group, partitions, 20_000)
    load.history.caughtUp.push({ group, partitions })
  }
  load.readersStop = true
  await quietly(running.readers)
  return stuck
}

/** Until a group was given the last record of each partition, or the time is over: the checker says what it lacks. */
async function groupIsThere(load: Load, group: string, partitions: readonly string[], withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs
  for (const partition of partitions) {
    // What cannot be read is judged elsewhere.
    const whole = await readWhole(load.address, partition, false).catch(() => undefined)
    const last = whole?.committed.at(-1)?.offset ?? -1
    while (performance.now() < deadline) {
      const given = load.history.polls.some(
        (poll) => poll.group === group && poll.partition === partition && (poll.records.at(-1)?.offset ?? -1) >= last,
      )
      if (given || last < 0) break
      await load.pause(200)
    }
  }
}

function counts(history: History): Pick<LogChaosResult, 'sends' | 'acknowledged' | 'transactions' | 'polled'> {
  const byOutcome = Object.groupBy(history.transactions, ({ outcome }) => outcome)
  return {
    sends: history.sends.length,
    acknowledged: history.sends.filter(({ outcome }) => outcome === 'ok').length,
    transactions: Object.fromEntries(Object.entries(byOutcome).map(([outcome, each]) => [outcome, each.length])),
    polled: history.polls.reduce((sum, { records }) => sum + records.length, 0),
  }
}
