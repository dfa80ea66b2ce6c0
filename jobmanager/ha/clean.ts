/** Deletions that were put off. May be done twice. */
import { isMillraceError } from '../../core/errors.ts'
import type { Clock } from '../../core/platform/clock.ts'
import { openStorage } from '../../core/storage/open-storage.ts'
import { checkpointsPrefix, pointerPath, runsPrefix } from '../../proto/checkpoint/paths.ts'
import { disposeSavepoint } from '../../proto/checkpoint/savepoint.ts'
import { CompletedCheckpointStore } from '../../proto/checkpoint/store.ts'
import type { CleanTask } from './work.ts'

/** Throws when something is left. `epoch`: of the leader that deletes; a later one stops it. */
export async function clean(task: CleanTask, epoch: number, clock: Clock): Promise<void> {
  if (task.kind === 'savepoint') {
    try {
      await disposeSavepoint(task.location)
    } catch (error) {
      // It was done before.
      if (!isMillraceError(error, 'CHECKPOINT_NO_SNAPSHOT')) throw error
    }
    return
  }
  const { jobId, root } = task
  const storage = openStorage(root)
  const pointer = await storage.exists(pointerPath(jobId))
  if (!pointer) {
    const left = [...(await storage.list(checkpointsPrefix(jobId))), ...(await storage.list(runsPrefix(jobId)))]
    if (left.length === 0) return
  }
  const store = new CompletedCheckpointStore({ storage, jobId, epoch, clock })
  await store.recover()
  await store.deleteAll()
}
