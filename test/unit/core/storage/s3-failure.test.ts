import { expect, it } from 'vitest'
import { s3Failure } from '../../../../core/storage/s3/failure.ts'

const failed = { action: 'read', path: 'a', bucket: 'b', endpoint: 'http://localhost' } as const

it('an answer to HEAD that gives no reason is told with its status and what it may mean', () => {
  const error = Object.assign(new Error('UnknownError'), { name: 'Unknown', $metadata: { httpStatusCode: 400 } })
  expect(s3Failure(error, failed)).toMatchObject({
    code: 'STORAGE_S3_FAILED',
    message: expect.stringMatching(/HTTP 400.*s3\.region.*expired token/),
  })
})
