/** What commands do alike with their cluster. */
import { describe, expect, test } from 'vitest'
import { cancelUnlessEnded } from '../../../cli/cluster.ts'
import { errors } from '../../../jobmanager/errors.ts'
import type { ClusterClient } from '../../../proto/client.ts'

const clientWhoseCancel = (result: () => Promise<void>): ClusterClient =>
  ({ cancel: result }) as unknown as ClusterClient

describe('canceling a job that seemed to run', () => {
  test('is done when it has ended meanwhile', async () => {
    const ended = errors.create('JOB_ENDED', { job: 'counts', state: 'failed' })
    await cancelUnlessEnded(
      clientWhoseCancel(() => Promise.reject(ended)),
      'job',
    )
  })

  test('fails as the cluster does for any other reason', async () => {
    const client = clientWhoseCancel(() => Promise.reject(errors.create('NO_SUCH_JOB', { job: 'counts' })))
    await expect(cancelUnlessEnded(client, 'job')).rejects.toMatchObject({ code: 'JOBMANAGER_NO_SUCH_JOB' })
  })
})
