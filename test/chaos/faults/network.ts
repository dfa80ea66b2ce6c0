/** Connections between two processes of the configuration that break, stand still, are slow, or are dead without a word. */
import type { LinkFault } from '../../support/switchboard.ts'
import { always, type Fault, pick } from './fault.ts'

const hurt = (fault: LinkFault): Fault => ({
  possible: always,
  async inject({ environment: { links, network } }, draw) {
    // Those that do not talk now cannot be hurt: the job has slots beside those that it uses.
    const talking = links.filter((link) => network.count(link) > 0)
    if (talking.length === 0) return undefined
    const link = pick(talking, draw)
    const count = network.count(link)
    const end = network.hurt(link, fault)
    return { what: `${link.join(' - ')} (${count})`, heal: async () => end() }
  },
})

export const cut = hurt('cut')
export const stall = hurt('stall')
export const slow = hurt('slow')
export const halfOpen = hurt('half-open')
