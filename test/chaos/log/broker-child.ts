/** A broker that dies where it was told to: the process of its own that a chaos run starts and kills. */
import { startBroker } from '../../../broker/main.ts'
import { configureLogging } from '../../../core/log.ts'
import { dyingDisk } from './dying-disk.ts'
import type { PlannedKill } from './schedule.ts'

export interface ChildInput {
  readonly options: Readonly<Record<string, string>>
  readonly kill?: PlannedKill
  /** Of what is lost with the power. */
  readonly seed: number
}

const input = JSON.parse(process.argv[2] as string) as ChildInput
configureLogging({ level: 'warn', format: 'text' })
const disk = dyingDisk(input.kill, input.seed, `${input.options['broker.data-dir']}.journal`)
process.on('message', () => disk.die(true))
process.on('disconnect', () => process.exit(1))
const { address } = await startBroker(input.options, { disk })
disk.started()
process.send?.({ address })
