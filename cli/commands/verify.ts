/** `millrace checkpoint verify`: proves a checkpoint or savepoint complete and unaltered. */
import { formatSize } from '../../core/config/index.ts'
import { verifySnapshot } from '../../proto/checkpoint/verify.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { snapshotLocation } from '../snapshot-location.ts'
import type { Terminal } from '../terminal.ts'

export async function verifyCheckpoint(terminal: Terminal, path: string): Promise<ExitCode> {
  const location = snapshotLocation(path)
  const { snapshot, runs, bytes, entries, problems } = await verifySnapshot(location)
  const sound = problems.length === 0
  if (terminal.json) terminal.out(JSON.stringify({ path: snapshot.location, sound, runs, bytes, entries, problems }))
  else {
    for (const { uid, message, code } of problems) terminal.out(`${uid}: ${message}  ${code}`)
    const { kind, checkpointId, jobName } = snapshot.manifest
    const what = `${kind} ${checkpointId} of job '${jobName}'`
    if (sound) terminal.out(`${what} is complete: ${runs} runs, ${formatSize(bytes)}, ${entries} entries, all sound`)
    else terminal.out(`${what} cannot be restored: ${problems.length} of ${runs} runs are not as they were written`)
  }
  return sound ? exitCodes.ok : exitCodes.failed
}
