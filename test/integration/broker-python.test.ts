import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type RunningBroker, startBroker } from '../../broker/broker.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { hasPythonClient, python, pythonProgram } from '../support/kafka-clients/python.ts'

const run = promisify(execFile)
const isHere = hasPythonClient()

let broker: RunningBroker
let directory: string

beforeAll(async () => {
  directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-python-')
  broker = await startBroker({
    'broker.listeners': '127.0.0.1:0',
    'broker.data-dir': directory,
    'broker.group.initial.rebalance.delay': '0ms',
  })
})

afterAll(async () => {
  await broker.close()
  systemDisk.remove(directory)
})

describe('confluent-kafka for Python', () => {
  it.skipIf(!isHere)(
    'copies a topic exactly once in transactions while members of its cooperative group come and go',
    async () => {
      const { stdout } = await run(python, [pythonProgram('copy_in_transactions'), broker.address, '600'])
      expect(JSON.parse(stdout)).toMatchObject({ seen: 600, distinct: 600 })
    },
    90_000,
  )
})
