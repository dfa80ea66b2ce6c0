/** What running aggregates share: keyed state alone, and time that passes through. */
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { KeyedStateBackend } from '../state/api.ts'
import { createKeyedStateBackend } from '../state/backend.ts'
import { stateOptions } from './keyed.ts'
import type { OperatorContext } from './operator.ts'
import { StatelessOperator } from './stateless.ts'

export abstract class RunningOperator extends StatelessOperator {
  protected readonly backend: KeyedStateBackend

  constructor(context: OperatorContext) {
    super(context)
    this.backend = createKeyedStateBackend(stateOptions(context))
  }

  open(): Promise<void> {
    return this.backend.open()
  }

  async snapshot(checkpointId: number): Promise<OperatorSnapshot> {
    const { result } = this.backend.snapshot(checkpointId)
    const { node, uid } = this.context.operator
    return { node, uid, runs: await result, operatorState: [], splits: [], committables: [] }
  }

  notifyCheckpointComplete(checkpointId: number): void {
    this.backend.notifyCheckpointComplete(checkpointId)
  }

  notifyCheckpointAborted(checkpointId: number): void {
    this.backend.notifyCheckpointAborted(checkpointId)
  }

  override close(): void {
    this.backend.close()
  }
}
