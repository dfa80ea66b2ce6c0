/** `produce` while the brokers are away: it says so, and ends when it is told to. */
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runCli } from '../../cli/program.ts'
import { deferred } from '../../core/async/index.ts'
import { ManualClock } from '../../core/platform/manual-clock.ts'
import { type BrokerHarness, startBrokerHarness } from '../support/broker-harness.ts'
import { recordingTerminal } from '../support/recording-terminal.ts'
import { until } from '../support/until.ts'

let harness: BrokerHarness

beforeEach(async () => {
  harness = await startBrokerHarness()
  await harness.topic('lines')
})
afterEach(() => harness.close())

const never = new Promise<never>(() => undefined)

it.each([
  ['more may come', [], never, 'the last records may not be written'],
  ['all has come', [], undefined, 'the last records may not be written'],
  ['a transaction is open', ['--transactional-id', 'x'], never, 'abort the transaction when its time is over'],
] as const)('says that it waits, and ends soon after Ctrl-C, when %s', async (_, more, rest, told) => {
  const clock = new ManualClock()
  const begun = deferred<void>()
  const away = deferred<void>()
  async function* input() {
    begun.resolve()
    await away.promise
    yield Buffer.from('one\n')
    await rest
  }
  const terminal = { ...recordingTerminal(false, clock), input }
  const ended = runCli(['produce', 'lines', ...more, '-b', harness.broker.address], () => terminal)
  await begun.promise
  await harness.broker.close()
  away.resolve()
  const notes = terminal.noteLines
  if (more.length === 0) await until(() => notes.some((line) => line.startsWith('waiting: ')))
  else await new Promise((resolve) => setImmediate(resolve))
  terminal.interrupt()
  let code: number | undefined
  void ended.then((value) => {
    code = value
  })
  await until(() => {
    clock.advance(1000)
    return code !== undefined
  })
  expect(code).toBe(1)
  expect(notes.at(-1)).toContain(told)
})
