/** What sources for tests of tasks have in common: they have no input, and pass on the time that ends them. */
import type { OperatorSnapshot } from '../../proto/checkpoint/manifest.ts'
import type { OperatorContext, SourceOperator } from '../../taskmanager/operators/operator.ts'

export type Outputs = Pick<OperatorContext, 'output' | 'sides'>

export abstract class SourceHead implements SourceOperator {
  protected readonly outputs: Outputs

  constructor(outputs: Outputs) {
    this.outputs = outputs
  }

  abstract poll(): 'more' | 'idle' | 'end'
  abstract advanceWatermark(): void
  abstract snapshot(checkpointId: number): Promise<OperatorSnapshot>
  abstract close(): void

  processWatermark(timestampMs: number): boolean {
    this.outputs.output.watermark(timestampMs)
    return true
  }

  processBatch(): void {
    throw new Error('a source has no input')
  }

  processRows(): void {
    throw new Error('a source has no input')
  }

  processIdle(): void {
    throw new Error('a source has no input')
  }
}
