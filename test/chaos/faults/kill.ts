/** kill -9 of a process; it is started again when the fault heals. */
import type { Member } from '../cluster.ts'
import { always, type Fault, type Injected, pick, type World } from './fault.ts'

function killed({ environment }: World, member: Member): Injected {
  const atMs = environment.cluster.kill(member)
  return { what: member.name, atMs, heal: () => environment.cluster.restart(member) }
}

/** One that runs something of the job. */
export const killTaskManager: Fault = {
  possible: always,
  async inject(world, draw) {
    const users = await world.users()
    return users.length === 0 ? undefined : killed(world, world.environment.cluster.taskManager(pick(users, draw)))
  },
}

/** The JobManager that leads. */
export const killLeader: Fault = {
  possible: always,
  inject: async (world) => killed(world, await world.environment.cluster.leader()),
}

export const killStandby: Fault = {
  possible: ({ jobManagers }) => jobManagers > 1,
  async inject(world) {
    const leader = await world.environment.cluster.leader()
    const standby = world.environment.cluster.jobManagers.find((each) => each !== leader)
    return standby && killed(world, standby)
  },
}

interface Restartable {
  kill(): Promise<void>
  start(): Promise<void>
}

async function killedService(what: string, service: Restartable | undefined): Promise<Injected | undefined> {
  await service?.kill()
  return service && { what, heal: () => service.start() }
}

/** All partitions and the coordinators of groups and transactions. */
export const killBroker: Fault = {
  possible: ({ io }) => io === 'kafka',
  inject: ({ environment }) => killedService('broker', environment.broker),
}

/** It comes back empty. */
export const killRedis: Fault = {
  possible: ({ jobManagers }) => jobManagers > 1,
  inject: ({ environment }) => killedService('redis', environment.redis),
}

export const killS3: Fault = {
  possible: ({ storage }) => storage === 's3',
  inject: ({ environment }) => killedService('s3', environment.s3),
}
