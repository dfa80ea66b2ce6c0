/** Ctrl-C between the steps of long work. */
import { expect, it } from 'vitest'
import { Interruption } from '../../../cli/interruption.ts'
import { recordingTerminal } from '../../support/recording-terminal.ts'

const never = new Promise<string>(() => undefined)

it('gives what comes of each step, and its errors', async () => {
  const interruption = new Interruption(recordingTerminal())
  expect(await interruption.step(Promise.resolve('first'))).toBe('first')
  await expect(interruption.step(Promise.reject(new Error('second')))).rejects.toThrow('second')
  expect(interruption.isAsked).toBe(false)
  interruption.close()
})

it('ends the step that is under way and all that come after it', async () => {
  const terminal = recordingTerminal()
  const interruption = new Interruption(terminal)
  const step = interruption.step(never)
  terminal.interrupt()
  expect(await step).toBeUndefined()
  expect(await interruption.step(never)).toBeUndefined()
  expect(interruption.isAsked).toBe(true)
  interruption.close()
})

it('hears nothing of a step that fails when nobody waits for it any more', async () => {
  const terminal = recordingTerminal()
  const interruption = new Interruption(terminal)
  const { promise, reject } = Promise.withResolvers<string>()
  const step = interruption.step(promise)
  terminal.interrupt()
  reject(new Error('too late'))
  expect(await step).toBeUndefined()
  interruption.close()
})
