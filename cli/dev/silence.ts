/** Why a job that runs shows nothing: the first question of everybody who writes a window. */
import type { ClusterClient, JobInfo } from '../../proto/client.ts'
import type { Terminal } from '../terminal.ts'

/** Says which input holds the watermark back, or that nothing has come in. */
export async function whyNothingComes(terminal: Terminal, client: ClusterClient, job: string): Promise<void> {
  const info = await client.info(job)
  if (info.status.state !== 'running') return
  for (const line of silenceLines(info)) terminal.note(`  ${line}`)
}

/** Pure: what to say about a job without output. */
export function silenceLines({ vertices, plan }: Pick<JobInfo, 'vertices' | 'plan'>): string[] {
  const targets = new Set(plan.edges.map((edge) => edge.to.vertex))
  const silent = vertices.filter((vertex) => !targets.has(vertex.vertex) && vertex.recordsOut === 0)
  if (silent.length > 0) {
    return silent.map(
      (vertex) =>
        `nothing has come out of the source ${vertex.name} yet: does it have records, and is it the right place?`,
    )
  }
  const windows = plan.vertices.filter((vertex) => vertex.operators.some((operator) => operator.kind === 'window'))
  return windows.flatMap((window) => {
    const found = vertices.find((vertex) => vertex.vertex === window.id)
    if (found === undefined || found.recordsIn === 0) return []
    if (found.heldBy !== undefined && found.heldBy !== '') {
      return [
        `${found.name} is waiting: ${found.heldBy} holds the watermark back.`,
        "  Try idleAfter: '5s' on the source, or send records to each of its splits.",
      ]
    }
    if (found.watermark === undefined) {
      return [`${found.name} is waiting: no watermark has reached it. Give the source an eventTime.`]
    }
    const at = Number.isFinite(found.watermark) ? new Date(found.watermark).toISOString() : 'the end'
    return [`${found.name} is waiting for the end of its first window; event time stands at ${at}.`]
  })
}
