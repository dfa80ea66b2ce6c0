import { describe, expect, it } from 'vitest'
import { s3Failure } from '../../../../core/storage/s3/failure.ts'
import { s3Settings } from '../../../../core/storage/s3/options.ts'

const failed = { action: 'read', path: 'here/a', bucket: 'b', endpoint: 'http://localhost' } as const
const told = (name: string, message: string, more: object = {}) =>
  s3Failure(Object.assign(new Error(message), { name, ...more }), failed)
const http = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } })

describe('an answer of S3', () => {
  it('to HEAD that gives no reason is told with its status and what it may mean', () => {
    expect(told('Unknown', 'UnknownError', http(400))).toMatchObject({
      code: 'STORAGE_S3_CREDENTIALS',
      message: expect.stringMatching(/HTTP 400.*expired token.*s3\.region/),
    })
    expect(told('Unknown', 'UnknownError', http(503))).toMatchObject({
      code: 'STORAGE_S3_FAILED',
      message: 'S3 could not read here/a in bucket b: HTTP 503 without a reason',
    })
  })

  it('says once what it says twice', () => {
    expect(told('SlowDown', 'SlowDown', http(503))).toMatchObject({
      message: 'S3 could not read here/a in bucket b: SlowDown',
    })
    expect(told('SlowDown', 'Reduce your rate', http(503))).toMatchObject({
      message: 'S3 could not read here/a in bucket b: SlowDown: Reduce your rate',
    })
  })

  it('about credentials may be another tomorrow: it is worth a retry', () => {
    for (const name of ['ExpiredToken', 'InvalidAccessKeyId', 'CredentialsProviderError'])
      expect(told(name, 'no', http(400))).toMatchObject({ code: 'STORAGE_S3_CREDENTIALS', retry: 'backoff' })
  })

  it('that cannot be asked for, because no region is known, says what to set', () => {
    expect(told('Error', 'Region is missing')).toMatchObject({
      code: 'STORAGE_S3_NO_REGION',
      hint: expect.stringContaining('s3.region'),
    })
  })

  it('that never comes, or comes from something else, names the endpoint', () => {
    expect(told('TimeoutError', 'a request has exceeded')).toMatchObject({
      code: 'STORAGE_S3_SILENT',
      message: expect.stringContaining('http://localhost did not answer within s3.timeout'),
    })
    const stranger = told('Error', '\nwrong version number\n more', { code: 'EPROTO' })
    expect(stranger).toMatchObject({
      code: 'STORAGE_S3_STRANGER',
      message: 'what answers at http://localhost is not S3: wrong version number',
    })
    expect(told('Error', 'Expected HTTP/', { code: 'HPE_INVALID_CONSTANT' })).toMatchObject({
      code: 'STORAGE_S3_STRANGER',
    })
    expect(told('Error', 'no', { code: 'ECONNREFUSED' })).toMatchObject({ code: 'STORAGE_S3_UNREACHABLE' })
  })
})

describe('settings of S3', () => {
  it('want a URL as the endpoint', () => {
    for (const bad of ['localhost', 'localhost:9000', 's3://bucket', '']) {
      expect(() => s3Settings({ 's3.endpoint': bad })).toThrow(
        `s3.endpoint: "${bad}" is not a URL such as https://s3.example.com:9000`,
      )
    }
    expect(s3Settings({ 's3.endpoint': 'http://localhost:9000' }).endpoint).toBe('http://localhost:9000')
  })

  it('want both halves of a login', () => {
    expect(() => s3Settings({ 's3.access-key': 'a' })).toThrow('s3.access-key is set and s3.secret-key is not')
    expect(() => s3Settings({ 's3.secret-key': 'a' })).toThrow('s3.secret-key is set and s3.access-key is not')
  })
})
