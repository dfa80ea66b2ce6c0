/** Another parallelism while records flow: no fault, and yet it must not lose or double anything. */
import { isMillraceError } from '../../../core/errors.ts'
import { type Fault, nothingToHeal, pick, type World } from './fault.ts'

export async function otherParallelism(world: World, draw: number): Promise<number> {
  const { vertices } = await world.info()
  const now = Math.max(...vertices.map(({ parallelism }) => parallelism))
  const others = Array.from({ length: world.parallelismMax }, (_, i) => i + 1).filter((each) => each !== now)
  return pick(others, draw)
}

export const rescale: Fault = {
  possible: ({ taskManagers, slots }) => (taskManagers - 1) * slots > 1,
  async inject(world, draw) {
    const parallelism = await otherParallelism(world, draw)
    try {
      const { durationMs } = await world.environment.cluster.client.rescale(world.job, { parallelism })
      return { what: `to ${parallelism} in ${Math.round(durationMs)} ms`, heal: nothingToHeal }
    } catch (error) {
      // Something else that still heals was faster; the job goes on as it was.
      if (!isMillraceError(error)) throw error
      return { what: `to ${parallelism}: ${error.code}`, heal: nothingToHeal }
    }
  },
}
