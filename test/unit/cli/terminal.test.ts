import { describe, expect, it } from 'vitest'
import { failureOf } from '../../../cli/commands/run.ts'
import { showError, userFrames, waitFor } from '../../../cli/terminal.ts'
import { deferred } from '../../../core/async/index.ts'
import { defineErrors, isMillraceError } from '../../../core/errors.ts'
import type { JobStatus } from '../../../proto/client.ts'
import { recordingTerminal } from '../../support/recording-terminal.ts'

const errors = defineErrors('TERMINALTEST', {
  FULL: { text: 'the disk is full\nmore', hint: 'Free some.', blame: 'external', retry: 'never' },
  FAILED: { text: 'the savepoint failed', blame: 'external', retry: 'never' },
})

describe('waiting', () => {
  it('gives the value', async () => {
    expect(await waitFor(recordingTerminal(), 'x', Promise.resolve(5))).toEqual({ kind: 'done', value: 5 })
  })

  it('throws what the work throws', async () => {
    await expect(waitFor(recordingTerminal(), 'x', Promise.reject(errors.create('FULL')))).rejects.toThrow(
      'disk is full',
    )
  })

  it('ends at Ctrl-C although the work goes on', async () => {
    const terminal = recordingTerminal()
    const work = deferred<number>()
    const waiting = waitFor(terminal, 'x', work.promise)
    terminal.interrupt()
    expect(await waiting).toEqual({ kind: 'interrupted' })
    work.resolve(1)
    expect(await work.promise).toBe(1)
  })
})

describe('an error', () => {
  it('is shown as a sentence with its code, what more there is, and what to do', () => {
    const terminal = recordingTerminal()
    showError(terminal, errors.create('FULL'))
    expect(terminal.noteLines).toEqual(['error the disk is full  TERMINALTEST_FULL', 'more', '  Free some.'])
    expect(terminal.outLines).toEqual([])
  })

  it('without a word about what to do has that of its cause', () => {
    const terminal = recordingTerminal()
    showError(terminal, errors.create('FAILED', undefined, { cause: errors.create('FULL') }))
    expect(terminal.noteLines).toEqual(['error the savepoint failed  TERMINALTEST_FAILED', '  Free some.'])
  })

  it('is an object on standard output with --json', () => {
    const terminal = recordingTerminal(true)
    showError(terminal, errors.create('FULL'))
    expect(JSON.parse(terminal.outLines.join(''))).toEqual({
      error: {
        code: 'TERMINALTEST_FULL',
        message: 'the disk is full\nmore',
        hint: 'Free some.',
        blame: 'external',
        retry: 'never',
      },
    })
  })

  it('that is not ours is a bug of ours, with its stack', () => {
    const terminal = recordingTerminal()
    showError(terminal, new TypeError('oops'))
    expect(terminal.noteLines.join('\n')).toMatch(/TypeError: oops\n.*at [\s\S]*bug of Millrace/)
  })

  it('shows the frames of the user only, from here', () => {
    const own = new URL('../../../', import.meta.url).pathname
    const stack = [
      'Error: x',
      `    at add (${process.cwd()}/jobs/spend.ts:12:5)`,
      `    at step (${own}taskmanager/task/task.ts:1:1)`,
      '    at node:internal/process/task_queues:104:5',
      `    at lib (${process.cwd()}/node_modules/lib/index.js:1:1)`,
    ].join('\n')
    expect(userFrames(stack)).toEqual(['at add (jobs/spend.ts:12:5)'])
  })

  it('of a job names job, operator and reason, keeps code and hint, and shows the line of the user', () => {
    const failure = {
      code: 'OPERATOR_USER_FUNCTION',
      message: "Cannot read properties of undefined (reading 'b')",
      operator: 'spend',
      hint: 'Check the field.',
      stack: `TypeError: x\n    at add (${process.cwd()}/jobs/spend.ts:12:5)`,
      timeMs: 1,
    }
    const error = failureOf({ name: 'fraud', failure } as unknown as JobStatus)
    expect(isMillraceError(error, 'OPERATOR_USER_FUNCTION')).toBe(true)
    const terminal = recordingTerminal()
    showError(terminal, error)
    expect(terminal.noteLines).toEqual([
      "error the job fraud failed in spend: Cannot read properties of undefined (reading 'b')  OPERATOR_USER_FUNCTION",
      '    at add (jobs/spend.ts:12:5)',
      '  Check the field.',
    ])
  })
})
