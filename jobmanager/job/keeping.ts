/** What becomes of the snapshots of a job in storage: one that was acknowledged is made to count, and those of a job that is over go. */

import type { JobPlan } from '../../proto/jobgraph/plan.ts'
import type { CheckpointCoordinator, PendingSnapshot } from '../checkpoint/coordinator.ts'
import type { JobSnapshots } from '../checkpoint/snapshots.ts'
import type { JobContext } from './context.ts'
import type { RecordKeeper } from './record-keeper.ts'
import type { JobStateKind } from './state.ts'

export interface Keeping {
  readonly context: JobContext
  readonly record: RecordKeeper
  readonly snapshots: JobSnapshots
}

/** `plan`: of the attempt that it is of. Gives the location. */
export async function storeSnapshot(
  { context, record, snapshots }: Keeping,
  pending: PendingSnapshot,
  plan: JobPlan,
): Promise<string> {
  const path = await snapshots.save(pending, plan)
  // Before any sink commits by it, it must be what a restart goes back to.
  if (pending.request.kind === 'savepoint' && pending.request.stop !== undefined) record.save({ stoppedWith: path })
  await context.store.flushed()
  snapshots.sweep().catch((error: unknown) => {
    context.log('warn', 'old checkpoints could not be deleted', { jobId: record.current.jobId, error })
  })
  return path
}

/** Only when the end is stored, or the job could begin again without them. `canceledToo`: also those of a job that was canceled. */
export function deleteCheckpoints(
  { context, record, snapshots }: Keeping,
  coordinator: CheckpointCoordinator,
  state: JobStateKind,
  canceledToo: boolean,
): void {
  if (!(state === 'finished' || (state === 'canceled' && canceledToo))) return
  const { jobId } = record.current
  Promise.all([coordinator.settled(), context.store.flushed()]).then(
    () => context.cleanLater({ kind: 'checkpoints', jobId, root: snapshots.root }),
    (error: unknown) => context.log('warn', 'checkpoints stay for now', { jobId, error }),
  )
}
