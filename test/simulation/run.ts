/**
 * One simulation: a cluster that is made of the real JobManager and the real control thread of TaskManagers, a job, faults,
 * and what must hold. The same seed gives the same run.
 */
import { faultNames, turnOnFaults } from '../../core/faults.ts'
import { registerStorage } from '../../core/storage/open-storage.ts'
import type { NewJob } from '../../jobmanager/cluster/cluster.ts'
import type { Job } from '../../jobmanager/job/job.ts'
import { type Breakable, type FaultKind, mendAll, planFaults } from './faults.ts'
import { bundle, keyOf, numberOf, simulatedPlan, splits } from './job.ts'
import { SimulatedJobManager } from './job-manager.ts'
import { Network } from './network.ts'
import { Outside } from './outside.ts'
import { SimulatedRegistry } from './registry.ts'
import { SimulatedStorage } from './storage.ts'
import { SimulatedTaskManager } from './task-manager.ts'
import { Watch } from './watch.ts'
import { World } from './world.ts'

export interface SimulationOptions {
  readonly seed: number
  /** Time in which things break, minutes. */
  readonly minutes: number
  readonly faultsPerMinute?: number
  /** Bugs that are put in, to see that they are found: names of core/faults.ts, and 'acknowledge-before-store' of a slot. */
  readonly bugs?: readonly string[]
}

export interface SimulationResult {
  readonly seed: number
  readonly violations: readonly string[]
  readonly trace: readonly string[]
  /** Equal for two runs that were the same. */
  readonly digest: number
  readonly events: number
  readonly simulatedMs: number
  readonly checkpoints: number
  readonly attempts: number
  readonly leaders: number
  readonly faults: ReadonlyMap<FaultKind, number>
  /** From the end of the faults to a job that runs and has a checkpoint. */
  readonly healthyAfterMs: number | undefined
}

const scheme = 'simulated'
const leaseMs = 3000
const healthyWithinMs = 300_000

const jobOptions = {
  'execution.checkpointing.interval': '2s',
  'execution.checkpointing.timeout': '15s',
  'execution.checkpointing.tolerable-failed-checkpoints': '1000',
  'restart-strategy.type': 'exponential-delay',
  'restart-strategy.exponential-delay.initial-backoff': '100ms',
  'restart-strategy.exponential-delay.max-backoff': '5s',
  'restart-strategy.exponential-delay.attempts-before-reset-backoff': '1000000',
}

export async function simulate(options: SimulationOptions): Promise<SimulationResult> {
  const { seed, minutes, faultsPerMinute = 4 } = options
  const bugs = new Set(options.bugs)
  turnOnFaults(faultNames.filter((name) => bugs.has(name)))
  const world = new World(seed)
  const network = new Network(world)
  const storage = new SimulatedStorage(world)
  const outside = new Outside(world)
  const watch = new Watch(world, storage)
  const root = `${scheme}://storage`
  registerStorage(scheme, (location) => {
    const prefix = location.slice(root.length).replace(/^\/|\/$/g, '')
    return storage.open(location.replace(/\/+$/, ''), prefix)
  })
  const several = world.chance(0.7)
  const registry = several ? new SimulatedRegistry(world) : undefined
  const faultsMs = minutes * 60_000
  // Records until a little after the last fault, when nothing ever stood still.
  const pace = 2
  const limit = Math.ceil(((faultsMs * 0.9) / 50) * pace)
  const jobManagers: SimulatedJobManager[] = Array.from(
    { length: several ? 2 + world.random.integer(2) : 1 },
    (_, i) => {
      const options = { 'heartbeat.interval': '1s', 'heartbeat.timeout': '6s', ...jobOptions }
      return new SimulatedJobManager(`jm${i + 1}`, {
        world,
        network,
        registry,
        leaseMs,
        options,
        storage: () => storage.open(root, ''),
      })
    },
  )
  const addresses = jobManagers.map(({ address }) => address)
  const taskManagers = Array.from({ length: 3 + world.random.integer(2) }, (_, i) => {
    const setting = { world, network, outside, jobManagers: addresses, slots: 2, limit, pace, bugs }
    return new SimulatedTaskManager(`tm${i + 1}`, setting)
  })
  const jobId = '00000000000000a1'
  // Many: runs are needed for longer than what nobody needs is kept.
  const retained = world.chance(0.3) ? 40 : 3
  const job: NewJob = {
    jobId,
    plan: simulatedPlan('simulated', 3, { ...jobOptions, 'execution.checkpointing.num-retained': String(retained) }),
    bundle,
    options: {},
    savepointPath: undefined,
    allowNonRestoredState: false,
  }
  const leader = (): SimulatedJobManager | undefined => jobManagers.find(({ term }) => term !== undefined)
  const current = (): Job | undefined => leader()?.term?.cluster.jobs.find(({ id }) => id === jobId)
  const breakable: Breakable = {
    world,
    network,
    storage,
    registry,
    outside,
    jobManagers,
    taskManagers,
    leaseMs,
    rescale(parallelism) {
      const there = leader()
      const found = current()
      if (there === undefined || found === undefined || found.terminal) return
      world.note('client', `asks for parallelism ${parallelism}`)
      world.at(0, there.life, () => {
        found.redeployments.rescale({ parallelism, operators: [] }).then(
          () => world.note('client', `has parallelism ${parallelism}`),
          (error: unknown) => world.note('client', `was refused: ${(error as Error).message}`),
        )
      })
    },
  }
  for (const each of [...jobManagers, ...taskManagers]) each.start((world.random.next() - 0.5) * 2000)

  let accepted = false
  const submit = (): void => {
    if (accepted) return
    const to = jobManagers[world.random.integer(jobManagers.length)]
    world.at(2000, undefined, submit)
    world.at(world.delay(1, 10), to.life, () => {
      to.accept(job).then(
        () => {
          accepted = true
          world.note('client', `${to.name} accepted the job`)
        },
        () => undefined,
      )
    })
  }
  submit()

  const faults = planFaults(breakable, faultsMs, faultsPerMinute)
  let leading = 0
  /** After each event. A leader that is stopped does nothing, and when it goes on it finds out first. */
  const oneLeads = (): false => {
    const now = jobManagers.filter(({ life, term }) => !life.stopped && term !== undefined)
    if (now.length > 1 && leading < 2) world.violated(`${now.map(({ name }) => name).join(' and ')} lead at once`)
    leading = now.length
    return false
  }
  await world.run(faultsMs, oneLeads)
  mendAll(breakable)
  const mendedMs = world.nowMs
  const checkpointThen = (): number => watch.pointers.get(jobId)?.retained[0] ?? 0
  const before = checkpointThen()
  const running = (): boolean => current()?.state.kind === 'running' || current()?.terminal === true
  await world.run(
    mendedMs + healthyWithinMs,
    () => running() && (checkpointThen() > before || current()?.terminal === true),
  )
  const healthy = running() && (checkpointThen() > before || current()?.terminal === true)
  const healthyAfterMs = healthy ? world.nowMs - mendedMs : undefined
  if (!healthy) {
    const found = current()
    const status = found === undefined ? 'no leader knows the job' : `${found.state.kind}: ${found.status().detail}`
    world.violated(`not healthy ${healthyWithinMs / 1000} s after the last fault: ${status}`)
  }
  await world.run(world.nowMs + faultsMs + healthyWithinMs, () => oneLeads() || current()?.terminal === true)
  judge()
  return {
    seed,
    violations: world.violations,
    trace: world.trace,
    digest: world.digest,
    events: world.events,
    simulatedMs: world.nowMs,
    checkpoints: watch.completed,
    attempts: current()?.record.attempt ?? 0,
    leaders: watch.leaders,
    faults,
    healthyAfterMs,
  }

  /** In the end: all that there is, once. */
  function judge(): void {
    const found = current()
    if (found?.state.kind !== 'finished') {
      world.violated(`the job is ${found?.state.kind ?? 'unknown'}: ${found?.failures.newest?.message ?? 'no failure'}`)
      return
    }
    for (let split = 0; split < splits; split++) {
      for (let index = Math.max(0, limit - 3); index < limit; index++) {
        const key = keyOf(split, index)
        const next = outside.next.get(key) ?? 0
        if (next !== numberOf(index) + 1)
          world.violated(`${key}: ${next} of ${numberOf(index) + 1} committed in the end`)
      }
    }
  }
}
