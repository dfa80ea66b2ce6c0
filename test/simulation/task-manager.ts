/** A TaskManager in the simulated world: the real control thread and the real link, over slots that are models. */
import type { Disk } from '../../core/platform/disk.ts'
import { ManualDisk } from '../../core/platform/manual-disk.ts'
import type { FromTaskManager, ToTaskManager } from '../../proto/generated/shapes.ts'
import { packageVersion, protocolVersion } from '../../proto/rpc/version.ts'
import { BundleCache } from '../../taskmanager/control/bundles.ts'
import type { ControlConnection } from '../../taskmanager/control/connection.ts'
import { JobManagerLink } from '../../taskmanager/control/link.ts'
import type { ControlledSlot, ControlledSlots } from '../../taskmanager/control/slots.ts'
import { TaskManager } from '../../taskmanager/control/task-manager.ts'
import type { FromSlot, ToSlot } from '../../taskmanager/slot/messages.ts'
import { doorbellBytes } from '../../taskmanager/slot/pulse.ts'
import { type AttemptOptions, SimulatedAttempt } from './attempt.ts'
import { LifeClock } from './clock.ts'
import { bundle } from './job.ts'
import type { Network } from './network.ts'
import type { Outside } from './outside.ts'
import { Life, type World } from './world.ts'

export interface TaskManagerSetting {
  readonly world: World
  readonly network: Network
  readonly outside: Outside
  readonly jobManagers: readonly string[]
  readonly slots: number
  readonly limit: number
  readonly pace: number
  readonly bugs: ReadonlySet<string>
}

const hourMs = 3_600_000

export class SimulatedTaskManager {
  readonly name: string
  life: Life
  clock: LifeClock
  readonly #setting: TaskManagerSetting
  #control: TaskManager | undefined
  #slots: SlotThreads | undefined

  constructor(name: string, setting: TaskManagerSetting) {
    this.name = name
    this.#setting = setting
    this.life = new Life(name)
    this.clock = new LifeClock(setting.world, this.life)
    this.life.end()
  }

  start(offsetMs = 0): void {
    const { world, network, slots: count, jobManagers } = this.#setting
    if (this.life.alive) return
    world.note(this.name, 'starts')
    const life = new Life(this.name)
    const clock = new LifeClock(world, life, offsetMs)
    this.life = life
    this.clock = clock
    let highest = 0
    const slots = new SlotThreads(life, count, {
      ...this.#setting,
      message: (slot, message) => control.fromSlot(slot, message),
      ended: (slot) => control.slotEnded(slot, { reason: 'simulated', outOfMemory: false, replaced: true }),
      deployed: (epoch) => {
        if (epoch < highest) world.violated(`${this.name} took an order of epoch ${epoch} after one of ${highest}`)
        highest = Math.max(highest, epoch)
      },
    })
    this.#slots = slots
    let link: JobManagerLink | undefined
    const disk: Disk = new ManualDisk()
    const control = new TaskManager({
      id: this.name,
      clock,
      slots,
      bundles: new BundleCache(disk, '/bundles'),
      heapBytes: 1 << 28,
      cancellationTimeoutMs: 30_000,
      watchdogTimeoutMs: hourMs,
      openTimeoutMs: hourMs,
      send: (message) => link?.send(message),
      fetchBundle: (id) => link?.fetchBundle(id) ?? Promise.resolve(new Uint8Array(0)),
      log: (_level, text) => world.note(this.name, text),
    })
    this.#control = control
    slots.begin()
    let heartbeat: ReturnType<LifeClock['setInterval']> | undefined
    link = new JobManagerLink({
      addresses: jobManagers,
      clock,
      random: world.random,
      delayMinMs: 100,
      delayMaxMs: 5000,
      messageBytesMax: 1 << 24,
      connect: (address, several) => connect(network, life, address, several),
      hello: () => ({
        id: this.name,
        host: this.name,
        hostName: this.name,
        protocol: protocolVersion,
        version: packageVersion,
        arenaBytes: 0,
        processId: 1,
        slots: control.status(),
      }),
      registered: ({ epoch, heartbeatIntervalMs }) => {
        world.note(this.name, `is registered with epoch ${epoch}`)
        clock.clearTimeout(heartbeat)
        const beat = { kind: 'heartbeat', rssBytes: 0, arenaUsedBytes: 0, arenaFreeSegments: 0 } as const
        heartbeat = clock.setInterval(() => link?.send({ ...beat, timeMs: clock.now() }), heartbeatIntervalMs)
      },
      message: (message) => control.receive(message),
      lost: (error, refused) => {
        clock.clearTimeout(heartbeat)
        if (refused) world.violated(`${this.name} was refused for good: ${error.message}`)
      },
    })
  }

  /** kill -9. */
  kill(): void {
    this.#setting.world.note(this.name, 'is killed')
    this.#control = undefined
    this.life.end()
  }

  /** A thread dies. */
  killSlot(slot: number): void {
    if (this.#control !== undefined && this.life.alive) this.#slots?.thread(slot).kill()
  }
}

/** Where there are several JobManagers, one that does not answer for so long is given up. */
const silenceMs = 6000

function connect(network: Network, life: Life, address: string, several: boolean): ControlConnection {
  const end = network.connect(life, address)
  const { world } = network
  let silentMs = 0
  const ping = (): void => {
    if (!end.open) return
    const silent = end.peer.life.stopped || network.isCut(end.host, end.peer.host)
    silentMs = silent ? silentMs + 1000 : 0
    if (silentMs >= silenceMs) end.cut(new Error('no answer to a ping'))
    else world.at(1000, life, ping)
  }
  if (several) world.at(1000, life, ping)
  return {
    waiting: 0,
    listen: (message, ended) => end.listen((each) => message(each as ToTaskManager), ended),
    send: (message: FromTaskManager) => end.send(message),
    async fetchBundle() {
      await network.world.pause(network.latency() * 2)
      return bundle
    },
    end: () => end.close(),
    drop: () => end.close(),
  }
}

interface SlotsSetting extends TaskManagerSetting {
  message(slot: number, message: FromSlot): void
  ended(slot: number): void
  deployed(epoch: number): void
}

class SlotThreads implements ControlledSlots {
  readonly count: number
  readonly doorbells: SharedArrayBuffer
  readonly #threads: SlotThread[]

  constructor(process: Life, count: number, setting: SlotsSetting) {
    this.count = count
    this.doorbells = new SharedArrayBuffer(doorbellBytes(count))
    this.#threads = Array.from({ length: count }, (_, slot) => new SlotThread(process, slot, setting))
  }

  begin(): void {
    for (const thread of this.#threads) thread.begin()
  }

  port(slot: number): number {
    return this.#threads[slot].port
  }

  thread(slot: number): SlotThread {
    return this.#threads[slot]
  }

  retire(): void {}

  warm(): void {}
}

class SlotThread implements ControlledSlot {
  readonly owner: number
  readonly threadId: number
  readonly stack: string | undefined
  killed = false
  port = 0
  readonly #process: Life
  readonly #slot: number
  readonly #setting: SlotsSetting
  #life: Life
  #attempt: SimulatedAttempt | undefined
  #lastMs = 0

  constructor(process: Life, slot: number, setting: SlotsSetting) {
    this.owner = slot + 1
    this.threadId = slot
    this.#process = process
    this.#slot = slot
    this.#setting = setting
    this.#life = new Life(`${process.name}/${slot}`, process)
  }

  /** A new thread takes orders. */
  begin(): void {
    const life = new Life(`${this.#process.name}/${this.#slot}`, this.#process)
    this.#process.onEnd(() => life.end())
    this.#life = life
    this.killed = false
    this.port = 7000 + this.#slot
    this.#setting.network.listen(`${this.#process.name}:${this.port}`, life, (end) =>
      end.listen(
        (hello) => {
          if (this.#attempt?.takes(hello as never) === true) this.#attempt.feed(hello as never, end)
          else end.close(new Error('no such attempt here'))
        },
        () => undefined,
      ),
    )
  }

  post(order: ToSlot): void {
    this.#later(this.#life, () => this.#receive(order))
  }

  /** As between threads: later, in order, and not at all when one of them is gone. */
  #later(life: Life, task: () => void): void {
    const { world } = this.#setting
    this.#lastMs = Math.max(this.#lastMs, world.nowMs + world.delay(0.05, 1))
    world.at(this.#lastMs - world.nowMs, life, task)
  }

  kill(): void {
    if (this.port === 0) return
    const { world, ended, message } = this.#setting
    world.note(this.#life.name, 'dies')
    this.killed = true
    this.#attempt?.kill()
    this.#attempt = undefined
    this.#life.end()
    world.at(1, this.#process, () => {
      this.port = 0
      ended(this.#slot)
      world.at(world.delay(30, 300), this.#process, () => {
        this.begin()
        message(this.#slot, { kind: 'ready', port: this.port })
      })
    })
  }

  #receive(order: ToSlot): void {
    if (order.kind !== 'deploy') {
      this.#attempt?.receive(order)
      return
    }
    const { epoch, attempt, subtasks } = order.deployment
    const { world, deployed, message } = this.#setting
    deployed(epoch)
    world.note(
      this.#life.name,
      `epoch ${epoch} attempt ${attempt}: ${subtasks.map((each) => `${each.vertex}/${each.subtask}`).join(' ')}`,
    )
    this.#attempt?.kill()
    const life = this.#life
    const options: AttemptOptions = {
      ...this.#setting,
      life,
      say: (said) => this.#later(life, () => message(this.#slot, structuredClone(said))),
    }
    this.#attempt = new SimulatedAttempt(order.deployment, options)
  }
}
