/** Cycles of a directed graph, one for each strongly connected component that has more than one node (Tarjan). Pure. */

export function cycles(edges: ReadonlyMap<string, ReadonlySet<string>>): string[][] {
  const index = new Map<string, number>()
  const low = new Map<string, number>()
  const onStack = new Set<string>()
  const stack: string[] = []
  const found: string[][] = []
  for (const root of edges.keys()) {
    if (index.has(root)) continue
    // Without recursion: a chain of transactions may be as long as the run.
    const work: { node: string; left: string[] }[] = [enter(root)]
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const next = top.left.pop()
      if (next === undefined) {
        work.pop()
        leave(top.node, work.at(-1)?.node)
      } else if (!index.has(next)) work.push(enter(next))
      else if (onStack.has(next)) low.set(top.node, Math.min(low.get(top.node) as number, index.get(next) as number))
    }
  }
  return found

  function enter(node: string): { node: string; left: string[] } {
    index.set(node, index.size)
    low.set(node, index.get(node) as number)
    stack.push(node)
    onStack.add(node)
    return { node, left: [...(edges.get(node) ?? [])] }
  }

  function leave(node: string, parent: string | undefined): void {
    if (parent !== undefined) low.set(parent, Math.min(low.get(parent) as number, low.get(node) as number))
    if (low.get(node) !== index.get(node)) return
    const component = stack.splice(stack.indexOf(node))
    for (const each of component) onStack.delete(each)
    if (component.length > 1) found.push(component)
  }
}
