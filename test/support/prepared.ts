/** What a sink's writer prepares, where it does so at once. */
import type { SinkWriter } from '../../sdk/sink.ts'

export function prepared<C>(writer: Pick<SinkWriter<never, C>, 'prepareCommit'>, checkpointId: number): readonly C[] {
  const committables = writer.prepareCommit?.(checkpointId) ?? []
  if (committables instanceof Promise) throw new Error('this writer prepares later')
  return committables
}
