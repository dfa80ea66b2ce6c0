/** A JobManager in the simulated world: the real replica with its terms, or the real single one with its local store. */
import { type Config, loadConfig } from '../../core/config/index.ts'
import type { Disk } from '../../core/platform/disk.ts'
import { ManualDisk } from '../../core/platform/manual-disk.ts'
import type { BlobStorage } from '../../core/storage/storage.ts'
import type { NewJob, TaskManagerLink } from '../../jobmanager/cluster/cluster.ts'
import { errors as haErrors } from '../../jobmanager/ha/errors.ts'
import { LocalWork } from '../../jobmanager/ha/local-work.ts'
import { Replica } from '../../jobmanager/ha/replica.ts'
import { Term } from '../../jobmanager/ha/term.ts'
import { LocalJobStore } from '../../jobmanager/job-store.ts'
import { jobManagerOptions } from '../../jobmanager/options.ts'
import { TaskManagerSession } from '../../jobmanager/rpc/task-manager-session.ts'
import type { FromTaskManager } from '../../proto/generated/shapes.ts'
import { LifeClock } from './clock.ts'
import type { End, Network } from './network.ts'
import type { SimulatedRegistry } from './registry.ts'
import { Life, type World } from './world.ts'

export interface JobManagerSetting {
  readonly world: World
  readonly network: Network
  /** Absent: a single JobManager with a disk of its own. */
  readonly registry: SimulatedRegistry | undefined
  readonly leaseMs: number
  readonly options: Readonly<Record<string, string>>
  storage(): BlobStorage
}

export class SimulatedJobManager {
  readonly name: string
  readonly address: string
  life: Life
  clock: LifeClock
  readonly #setting: JobManagerSetting
  readonly #config: Config
  #disk: ManualDisk
  #replica: Replica | undefined
  #term: Term | undefined

  constructor(name: string, setting: JobManagerSetting) {
    this.name = name
    this.address = `${name}:6123`
    this.#setting = setting
    this.#config = loadConfig(jobManagerOptions, [{ name: 'simulation', values: setting.options }])
    this.#disk = new ManualDisk({ random: () => setting.world.random.next() })
    this.life = new Life(name)
    this.clock = new LifeClock(setting.world, this.life)
    this.life.end()
  }

  /** The term that acts, if any. */
  get term(): Term | undefined {
    return this.life.alive ? (this.#term ?? this.#replica?.term) : undefined
  }

  start(offsetMs = 0): void {
    const { world, network } = this.#setting
    if (this.life.alive) return
    world.note(this.name, 'starts')
    const life = new Life(this.name)
    this.life = life
    this.clock = new LifeClock(world, life, offsetMs)
    world.at(0, life, () => {
      this.#open(life)
      network.listen(this.address, life, (end) => this.#accept(end))
    })
  }

  /** kill -9, or the power. */
  kill(how: 'process' | 'power'): void {
    this.#setting.world.note(this.name, how === 'power' ? 'loses its power' : 'is killed')
    this.#disk = this.#disk.crash(how)
    this.#replica = undefined
    this.#term = undefined
    this.life.end()
  }

  /** Throws when it was not accepted, or nobody knows. */
  accept(job: NewJob): Promise<void> {
    return (this.#term ?? this.#replica)?.accept(job) ?? Promise.reject(new Error('it is not up'))
  }

  #open(life: Life): void {
    const { world, registry, leaseMs, storage } = this.#setting
    const shared = {
      clock: this.clock,
      random: world.random,
      config: this.#config,
      address: () => this.address,
      log: (_level: string, text: string) => world.note(this.name, text),
    }
    if (registry === undefined) {
      const disk: Disk = this.#disk
      const store = new LocalJobStore(disk, '/jobmanager')
      const { url } = storage()
      this.#term = new Term({
        ...shared,
        epoch: store.nextEpoch(),
        store,
        checkpoints: `${url}/checkpoints`,
        savepoints: `${url}/savepoints`,
        work: (handlers) =>
          new LocalWork({ clock: this.clock, handlers, trouble: (text) => world.note(this.name, text) }),
      })
      return
    }
    const replica = new Replica({
      ...shared,
      storage: storage(),
      coordination: registry.open(life, this.clock, world.random.hex(8)),
      cluster: 'simulated',
      leaseMs,
    })
    this.#replica = replica
    this.#join(replica, life)
  }

  /** As a process does that is started again whenever it could not start. */
  #join(replica: Replica, life: Life): void {
    replica.start().catch((error: unknown) => {
      const { world } = this.#setting
      world.note(this.name, `could not start: ${(error as Error).message}`)
      if (this.life !== life) return
      this.kill('process')
      world.at(2000, undefined, () => this.start(this.clock.offsetMs))
    })
  }

  #accept(end: End): void {
    const { world } = this.#setting
    const { term } = this
    if (term === undefined) {
      end.listen(
        () => undefined,
        () => undefined,
      )
      const leads = 'nobody leads at the moment'
      end.close(haErrors.create('NOT_LEADER', { address: this.address, leader: '', leads }))
      return
    }
    const link: TaskManagerLink = {
      send: (message) => end.send(message),
      close: (error) => end.close(error),
    }
    const session = new TaskManagerSession(term.cluster, link, (_level, text) => world.note(this.name, text))
    end.listen(
      (message) => session.receive(message as FromTaskManager),
      () => session.lost('its connection closed'),
    )
  }
}
