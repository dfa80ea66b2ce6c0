/** Processes that stand still (SIGSTOP) for so long that others give them up, and then go on as if nothing had been. */
import { always, type Fault, pick, type World } from './fault.ts'

/** Of the JobManagers' lease, with some time on top. */
const pastLeaseMs = 4000
const limitMs = 30_000

/** The leader, past its lease. */
export const freezeLeader: Fault = {
  possible: ({ jobManagers }) => jobManagers > 1,
  async inject({ environment: { cluster }, within }) {
    const leader = await cluster.leader()
    cluster.freeze(leader, true)
    return {
      what: leader.name,
      async heal() {
        await within(pastLeaseMs, () => false)
        cluster.freeze(leader, false)
      },
    }
  },
}

async function runsWithout(world: World, names: readonly string[]): Promise<boolean> {
  const { status, vertices } = await world.info()
  if (status.terminal) return true
  const tasks = vertices.flatMap(({ subtasks }) => subtasks)
  return status.state === 'running' && !tasks.some(({ taskManagerId }) => names.includes(taskManagerId))
}

/** Until the job runs without it. */
async function outlast(world: World, name: string): Promise<number> {
  const { cluster } = world.environment
  const member = cluster.taskManager(name)
  const atMs = Date.now()
  cluster.freeze(member, true)
  const outlasted = await world.within(limitMs, () => runsWithout(world, [name]))
  cluster.freeze(member, false)
  if (outlasted === undefined) throw new Error(`the job did not go on without ${name}, which was frozen`)
  return atMs
}

const known = async ({ environment: { cluster } }: World, name: string): Promise<boolean> =>
  (await cluster.client.cluster()).taskManagers.some(({ id }) => id === name)

export const freezeTaskManager: Fault = {
  possible: always,
  async inject(world, draw) {
    const users = await world.users()
    if (users.length === 0) return undefined
    const name = pick(users, draw)
    const atMs = await outlast(world, name)
    return { what: name, atMs, heal: async () => void (await world.within(limitMs, () => known(world, name))) }
  },
}

/**
 * Frozen; let go on when the job runs elsewhere; then all that run the job are killed, so that it comes to the slots beside
 * those in which its old attempt was never told to end.
 */
export const zombie: Fault = {
  possible: always,
  async inject(world, draw) {
    const { cluster } = world.environment
    const users = await world.users()
    if (users.length === 0) return undefined
    const name = pick(users, draw)
    await outlast(world, name)
    await world.within(limitMs, () => known(world, name))
    const others = await world.users()
    // A job that needs more slots than the others have came back to it.
    if (others.includes(name) || others.length === 0) return { what: name, heal: async () => undefined }
    const killed = others.map((each) => cluster.taskManager(each))
    const atMs = Math.min(...killed.map((member) => cluster.kill(member)))
    return {
      what: `${name}, then ${others.join(', ')}`,
      atMs,
      async heal() {
        // First the job must be where the old attempt was, or it would go to those that are started again.
        await world.within(10_000, () => runsWithout(world, others))
        await Promise.all(killed.map((member) => cluster.restart(member)))
      },
    }
  },
}
