/** Storage of checkpoints that fails or is slow: in files by order, in S3 as the server of ours is told. */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { S3Fault } from '../../support/faulty-s3.ts'
import type { Configuration } from '../environment.ts'
import { type Fault, pick } from './fault.ts'

const possible = ({ storage }: Configuration): boolean => storage !== 's3'

const storageFault = (order: 'fail' | 'slow', ofS3: readonly S3Fault[]): Fault => ({
  possible,
  async inject({ environment: { faultyS3, orders } }, draw) {
    if (faultyS3 !== undefined) {
      const fault = pick(ofS3, draw)
      // Two of three requests, so that retries meet it too and yet not all is lost.
      faultyS3.configure({ fault: ({ number }) => (number % 3 === 0 ? undefined : fault) })
      return { what: `s3 ${fault}`, heal: async () => faultyS3.configure({}) }
    }
    const path = join(orders, 'storage')
    writeFileSync(path, order)
    return { what: 'files', heal: async () => rmSync(path, { force: true }) }
  },
})

export const storageFails = storageFault('fail', ['error', 'slow-down', 'lost-success', 'short-read'])
export const storageIsSlow = storageFault('slow', ['stall'])
