/** Every decoder of bytes that come from outside of the process. A new format adds its line. */
import { brokerTargets } from './broker-targets.ts'
import { checkpointTargets } from './checkpoint-targets.ts'
import { columnTargets } from './column-targets.ts'
import type { FuzzTarget } from './harness.ts'
import { kafkaTargets } from './kafka-targets.ts'
import { stateTargets } from './state-targets.ts'
import { wireTargets } from './wire-targets.ts'

export const fuzzTargets: readonly FuzzTarget[] = [
  ...checkpointTargets,
  ...stateTargets,
  ...columnTargets,
  ...wireTargets,
  ...kafkaTargets,
  ...brokerTargets,
]
