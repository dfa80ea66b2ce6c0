/** The wall clock of one process jumps, and later jumps back. */
import { renameSync, rmSync, writeFileSync } from 'node:fs'
import { always, type Fault, pick } from './fault.ts'

const jumpsMs = [3_600_000, -3_600_000, 45_000, -45_000, 86_400_000]

export const clockJumps: Fault = {
  possible: always,
  async inject({ environment: { cluster } }, draw) {
    const member = pick(cluster.members, draw)
    const file = member.hook?.clockFile
    if (file === undefined) return undefined
    const jumpMs = pick(jumpsMs, Math.floor(draw / cluster.members.length))
    writeFileSync(`${file}.new`, String(jumpMs))
    renameSync(`${file}.new`, file)
    return { what: `${member.name} by ${jumpMs / 1000} s`, heal: async () => rmSync(file, { force: true }) }
  },
}
