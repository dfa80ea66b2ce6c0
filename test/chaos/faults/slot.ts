/** One slot's thread ends by itself, in the middle of a record. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { always, type Fault, nothingToHeal, type World } from './fault.ts'

const limitMs = 2000

/** When a slot has ended itself, epoch ms; undefined when none does in time. */
export async function endSlot({ slotKill, within }: World): Promise<number | undefined> {
  const at = `${slotKill}.at`
  rmSync(at, { force: true })
  // Appears in full or not at all: it has no content.
  writeFileSync(slotKill, '')
  const seen = (): number => (existsSync(at) ? Number(readFileSync(at, 'utf8')) : 0)
  const endedMs = await within(limitMs, () => seen() || false)
  rmSync(slotKill, { force: true })
  return endedMs ?? (seen() || undefined)
}

export const killSlot: Fault = {
  possible: always,
  async inject(world) {
    const atMs = await endSlot(world)
    return atMs === undefined ? undefined : { what: 'slot', atMs, heal: nothingToHeal }
  },
}
