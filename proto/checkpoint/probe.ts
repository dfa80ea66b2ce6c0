/** Whether the runs of a snapshot are there: their sizes, footers and indexes, not yet the entries. Quick, unlike a full proof. */
import { openStorage } from '../../core/storage/open-storage.ts'
import { runHandles } from './manifest.ts'
import { RunReader } from './runs/run-reader.ts'
import type { Snapshot } from './savepoint.ts'

/** At the same time, against storage that is far. */
const atOnce = 8

/** Throws what is wrong with the first run that is not there or not what the manifest names. */
export async function probeSnapshot({ root, manifest }: Snapshot): Promise<void> {
  const storage = openStorage(root)
  const runs = [...new Map([...runHandles(manifest)].map((run) => [run.inline ?? run.path, run])).values()]
  let next = 0
  const work = async (): Promise<void> => {
    while (next < runs.length) await RunReader.open(storage, runs[next++])
  }
  await Promise.all(Array.from({ length: atOnce }, work))
}
