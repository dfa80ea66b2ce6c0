/** How long our broker takes for Produce requests by its own clock, from a request that was read to its answer: beside what a client sees. */

/** Requests that took no longer, by bound in ms; the last bound is Infinity. */
export type Times = ReadonlyMap<number, number>

/** As /metrics on `port` of this machine tells them. */
export async function produceTimes(port: number): Promise<Times> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
  const lines = text.matchAll(/^millrace_broker_request_time_ms_bucket\{api="Produce",le="([^"]+)"\} (\d+)$/gm)
  return new Map(Array.from(lines, ([, bound, count]) => [bound === '+Inf' ? Infinity : Number(bound), Number(count)]))
}

/** Of the requests between two readings, straight between bounds; undefined when there were none. */
export function percentile(before: Times, after: Times, share: number): number | undefined {
  const counts = [...after].map(([bound, count]) => [bound, count - (before.get(bound) ?? 0)] as const)
  const wanted = (counts.at(-1)?.[1] ?? 0) * share
  if (wanted === 0) return undefined
  let from: readonly [number, number] = [0, 0]
  for (const each of counts) {
    const [bound, count] = each
    if (count >= wanted) {
      if (bound === Infinity) return from[0]
      return from[0] + ((bound - from[0]) * (wanted - from[1])) / (count - from[1])
    }
    from = each
  }
  return undefined
}
