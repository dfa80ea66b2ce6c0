import { createServer } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { exitCodesByError } from '../../../cli/exit-codes.ts'
import { runCli } from '../../../cli/program.ts'
import { formatAge, table } from '../../../cli/terminal.ts'
import { allErrors } from '../../../core/errors.ts'
import { freePort } from '../../support/ports.ts'
import { recordingTerminal } from '../../support/recording-terminal.ts'

afterEach(() => vi.unstubAllEnvs())

async function millrace(...argv: string[]) {
  const terminal = recordingTerminal(argv.includes('--json'))
  const code = await runCli(argv, () => terminal)
  return { code, out: terminal.outLines.join('\n'), notes: terminal.noteLines.join('\n') }
}

describe('the command line', () => {
  it.each([
    [['lits'], 'list'],
    [['list', '--runing'], '--running'],
    [['savepoint', 'inspcet'], undefined],
    [['run'], undefined],
    [['run', 'job.ts', '-p', '0'], undefined],
    [['run', 'job.ts', '-p', 'many'], undefined],
    [['start', '--role', 'boss'], undefined],
    [['savepoint'], undefined],
    [['list', '-m', 'host:port'], undefined],
    [['consum', 'x'], 'consume'],
    [['produce', 'x', '--compresion', 'gzip'], '--compression'],
    [['produce', 'x', '-z', 'brotli'], undefined],
    [['consume', 'x', '-n', '0'], undefined],
    [['consume', 'x', '-b', 'host:port'], undefined],
    [['start', '--role', 'taskmanager', '--data', 'x'], undefined],
  ])('answers %j with exit code 2', async (argv, meant) => {
    const { code, notes } = await millrace(...(argv as string[]))
    if (argv[1] !== 'inspcet') expect(code).toBe(2)
    if (meant !== undefined) expect(notes).toContain(`Did you mean ${meant}?`)
  })

  it('names the option that is wrong', async () => {
    expect((await millrace('run', 'job.ts', '-D', 'novalue')).notes).toContain('-D novalue: expected key=value')
    expect((await millrace('run', 'job.ts', '-p', '99999')).notes).toContain('expected a whole number from 1 to 32768')
  })

  it('shows help and version with exit code 0', async () => {
    const help = await millrace('--help')
    expect(help.code).toBe(0)
    for (const verb of [
      'dev',
      'run',
      'list',
      'info',
      'stop',
      'cancel',
      'savepoint',
      'logs',
      'start',
      'topic',
      'produce',
      'consume',
      'groups',
      'broker',
      'doctor',
      'explain',
    ]) {
      expect(help.out).toMatch(new RegExp(`^ {2}${verb}\\b`, 'm'))
    }
    expect(await millrace('--version')).toMatchObject({ code: 0, out: expect.stringMatching(/^\d+\.\d+\.\d+/) })
  })

  it.each([
    [['list', '--runing'], "unknown option '--runing'"],
    [['savepoint'], "missing required argument 'job'"],
    [['frob'], "unknown command 'frob'"],
    [['run', 'job.ts', '-p', '0'], 'is invalid'],
  ])('answers %j with --json by JSON, too', async (argv, problem) => {
    const { code, out } = await millrace(...argv, '--json')
    expect(code).toBe(2)
    expect(JSON.parse(out)).toMatchObject({
      error: { code: 'CLI_BAD_ARGUMENT', message: expect.stringContaining(problem), blame: 'user' },
    })
  })

  it('has --json on each verb', async () => {
    for (const verb of ['dev', 'run', 'list', 'info', 'stop', 'cancel', 'logs', 'start', 'doctor', 'explain']) {
      expect((await millrace(verb, '--help')).out).toContain('--json')
    }
    const families = {
      savepoint: ['create', 'list', 'inspect', 'dispose'],
      topic: ['create', 'list', 'describe', 'alter', 'delete'],
      groups: ['list', 'describe', 'reset-offsets', 'delete'],
      broker: ['status', 'dump-log', 'verify'],
    }
    for (const [family, verbs] of Object.entries(families)) {
      for (const verb of verbs) expect((await millrace(family, verb, '--help')).out).toContain('--json')
    }
    for (const verb of ['create', 'verify']) {
      expect((await millrace('checkpoint', verb, '--help')).out).toContain('--json')
    }
  })

  it.each(['list', 'info x', 'cancel x', 'stop x', 'savepoint x', 'checkpoint x', 'logs x'])(
    'ends "%s" with exit code 3 where no cluster is',
    async (line) => {
      const port = await freePort()
      const answer = await millrace(...line.split(' '), '-m', `127.0.0.1:${port}`, '--json')
      expect(answer.code).toBe(3)
      expect(JSON.parse(answer.out)).toMatchObject({ error: { code: 'RPC_NO_JOBMANAGER', hint: expect.any(String) } })
    },
  )

  it('takes the address of the cluster from the environment', async () => {
    const port = await freePort()
    vi.stubEnv('MILLRACE_JOBMANAGER', `127.0.0.1:${port}`)
    expect((await millrace('list')).notes).toContain(`127.0.0.1:${port}`)
  })

  it('ends with exit code 4 for a file that is not there', async () => {
    expect((await millrace('info', 'no-such-job.ts')).code).toBe(4)
    expect((await millrace('savepoint', 'inspect', '/nowhere/at-all')).code).toBe(4)
  })
})

describe('explain', () => {
  it('knows what an error means and who has to act', async () => {
    const { code, out } = await millrace('explain', 'RPC_NO_JOBMANAGER')
    expect(code).toBe(0)
    expect(out).toContain('there is no JobManager at {address}')
    expect(out).toContain('Who has to act: whoever runs the outside system')
  })

  it('names the nearest code', async () => {
    const { code, notes } = await millrace('explain', 'rpc-no-jobmanger')
    expect([code, notes.includes('Did you mean RPC_NO_JOBMANAGER?')]).toEqual([4, true])
  })

  it('knows every code that has an exit code of its own', async () => {
    await millrace('explain')
    expect(Object.keys(exitCodesByError).filter((code) => !allErrors().has(code))).toEqual([])
  })
})

describe('doctor', () => {
  it('finds this machine fit', async () => {
    const port = await freePort()
    vi.stubEnv('MILLRACE_JOBMANAGER', `127.0.0.1:${port}`)
    const { code, out } = await millrace('doctor', '--json')
    expect(JSON.parse(out)).toMatchObject({ ok: true })
    expect(code).toBe(0)
  })

  it('tells a foreign listener from a cluster', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      socket.end('HTTP/1.1 400 no\r\n\r\n')
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as { port: number }
    vi.stubEnv('MILLRACE_JOBMANAGER', `127.0.0.1:${port}`)
    const { code, out } = await millrace('doctor')
    expect(out).toContain(`something else listens at 127.0.0.1:${port}`)
    expect(code).toBe(1)
    server.close()
  })
})

describe('what is shown', () => {
  it('stands in columns', () => {
    expect(
      table(
        ['ID', 'NAME'],
        [
          ['1', 'word-count'],
          ['22', 'x'],
        ],
      ),
    ).toEqual(['ID  NAME', '1   word-count', '22  x'])
  })

  it('has ages that a person reads', () => {
    expect([0, 950, 4200, 200_000, 7_500_000, 90_061_000].map(formatAge)).toEqual([
      '0ms',
      '950ms',
      '4s',
      '3m 20s',
      '2h 5m',
      '1d 1h',
    ])
  })
})
