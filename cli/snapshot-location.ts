/** Where a snapshot is, as a user writes it: a path, or a URL of storage that this process then has to reach by itself. */
import { s3Settings, useS3 } from '../core/storage/s3/options.ts'
import { absolute } from './commands/jobs.ts'
import { processConfig } from './process-config.ts'

/** A location for `openStorage`. How S3 is reached comes from millrace.yaml and the environment. */
export function snapshotLocation(path: string): string {
  if (/^s3:/i.test(path)) useS3(s3Settings(processConfig(undefined, {}).toRecord()))
  return absolute(path)
}
