import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type BrokerHarness, startBrokerHarness } from '../support/broker-harness.ts'
import { installPythonClient, python, pythonProgram } from '../support/kafka-clients/python.ts'

const run = promisify(execFile)

installPythonClient()

let harness: BrokerHarness

beforeAll(async () => {
  harness = await startBrokerHarness()
})

afterAll(() => harness.close())

describe('confluent-kafka for Python', () => {
  it('copies a topic exactly once in transactions while members of its cooperative group come and go', async () => {
    const { stdout } = await run(python, [pythonProgram('copy_in_transactions'), harness.broker.address, '600'])
    expect(JSON.parse(stdout)).toMatchObject({ seen: 600, distinct: 600 })
  })
})
