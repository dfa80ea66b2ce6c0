/** What goes wrong in a simulation and when: drawn from its seed. Everything that breaks is mended again. */
import type { SimulatedJobManager } from './job-manager.ts'
import type { Network } from './network.ts'
import type { Outside } from './outside.ts'
import type { SimulatedRegistry } from './registry.ts'
import type { SimulatedStorage } from './storage.ts'
import type { SimulatedTaskManager } from './task-manager.ts'
import type { World } from './world.ts'

export interface Breakable {
  readonly world: World
  readonly network: Network
  readonly storage: SimulatedStorage
  readonly registry: SimulatedRegistry | undefined
  readonly outside: Outside
  readonly jobManagers: readonly SimulatedJobManager[]
  readonly taskManagers: readonly SimulatedTaskManager[]
  readonly leaseMs: number
  /** Asks for another parallelism. */
  rescale(parallelism: number): void
}

const kinds = [
  'kill-taskmanager',
  'kill-taskmanager',
  'kill-slot',
  'kill-slot',
  'kill-jobmanager',
  'kill-jobmanager',
  'stop-taskmanager',
  'stop-jobmanager',
  'cut',
  'cut',
  'reset',
  'storage-fails',
  'storage-stalls',
  'registry-away',
  'registry-forgets',
  'outside-fails',
  'clock-jumps',
  'rescale',
  'everything-restarts',
] as const
export type FaultKind = (typeof kinds)[number]

/** Breaks things until `untilMs`, `perMinute` times on average; all is mended some seconds after that. */
export function planFaults(at: Breakable, untilMs: number, perMinute: number): ReadonlyMap<FaultKind, number> {
  const { world } = at
  const counts = new Map<FaultKind, number>()
  let whenMs = 5000
  for (;;) {
    whenMs += -Math.log(1 - world.random.next()) * (60_000 / perMinute)
    if (whenMs >= untilMs) return counts
    const kind = kinds[world.random.integer(kinds.length)]
    world.at(whenMs, undefined, () => {
      if (inject(at, kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1)
    })
  }
}

/** False: there was nothing to break. */
function inject(at: Breakable, kind: FaultKind): boolean {
  const { world, network, storage, registry, outside } = at
  const { random } = world
  const one = <T>(all: readonly T[]): T => all[random.integer(all.length)]
  const later = (minMs: number, maxMs: number, task: () => void): true => {
    world.at(world.delay(minMs, maxMs), undefined, task)
    return true
  }
  switch (kind) {
    case 'kill-taskmanager': {
      const victim = one(at.taskManagers)
      if (!victim.life.alive) return false
      victim.kill()
      return later(200, 40_000, () => victim.start())
    }
    case 'kill-slot': {
      const victim = one(at.taskManagers)
      if (!victim.life.alive) return false
      victim.killSlot(random.integer(2))
      return true
    }
    case 'kill-jobmanager': {
      const victim = one(at.jobManagers)
      if (!victim.life.alive) return false
      victim.kill(world.chance(0.5) ? 'power' : 'process')
      return later(200, 30_000, () => victim.start())
    }
    case 'stop-taskmanager':
    case 'stop-jobmanager': {
      const { life } = kind === 'stop-taskmanager' ? one(at.taskManagers) : one(at.jobManagers)
      if (!life.alive || life.stopped) return false
      world.stop(life)
      return later(50, at.leaseMs * 5, () => world.go(life))
    }
    case 'cut': {
      const all = [...at.taskManagers, ...at.jobManagers].map(({ name }) => name)
      const a = one(all)
      const b = one(all.filter((name) => name !== a))
      network.cut(a, b)
      return later(100, 30_000, () => network.heal(a, b))
    }
    case 'reset': {
      const a = one(at.taskManagers).name
      const b = one([...at.taskManagers, ...at.jobManagers].filter(({ name }) => name !== a)).name
      network.reset(a, b)
      return true
    }
    case 'storage-fails': {
      world.note('storage', 'begins to fail')
      storage.failing = 0.05 + random.next() * 0.6
      return later(500, 25_000, () => {
        storage.failing = 0
      })
    }
    case 'storage-stalls': {
      world.note('storage', 'is slow')
      storage.stalling = 0.02 + random.next() * 0.3
      return later(500, 25_000, () => {
        storage.stalling = 0
      })
    }
    case 'registry-away':
      if (registry === undefined) return false
      world.note('registry', 'is away')
      registry.away = true
      return later(200, 25_000, () => {
        world.note('registry', 'is back')
        registry.away = false
        if (world.chance(0.3)) registry.forget()
      })
    case 'registry-forgets':
      registry?.forget()
      return registry !== undefined
    case 'outside-fails':
      outside.failing = 0.6
      return later(500, 20_000, () => {
        outside.failing = 0
      })
    case 'clock-jumps': {
      const { clock, name } = one([...at.jobManagers, ...at.taskManagers])
      clock.offsetMs += (random.next() - 0.5) * 7_200_000
      world.note(name, `has its clock set to ${Math.round(clock.offsetMs / 1000)} s off`)
      return true
    }
    case 'rescale':
      at.rescale(1 + random.integer(4))
      return true
    case 'everything-restarts': {
      for (const each of at.taskManagers) if (each.life.alive) each.kill()
      for (const each of at.jobManagers) if (each.life.alive) each.kill('power')
      return later(100, 10_000, () => {
        for (const each of [...at.jobManagers, ...at.taskManagers]) each.start()
      })
    }
  }
}

/** Everything that is broken is mended. */
export function mendAll(at: Breakable): void {
  const { world, network, storage, registry, outside, jobManagers, taskManagers } = at
  world.note('world', 'everything is mended')
  storage.failing = 0
  storage.stalling = 0
  outside.failing = 0
  if (registry !== undefined) registry.away = false
  const names = [...jobManagers, ...taskManagers].map(({ name }) => name)
  for (const a of names) for (const b of names) if (a < b) while (network.isCut(a, b)) network.heal(a, b)
  for (const each of [...jobManagers, ...taskManagers]) {
    world.go(each.life)
    each.start()
  }
}
