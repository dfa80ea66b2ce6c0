import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../cli/program.ts'
import { type RunningJobManager, startJobManager } from '../../jobmanager/main.ts'
import { recordingTerminal } from '../support/recording-terminal.ts'
import { until } from '../support/until.ts'

let directory: string
let jobManager: RunningJobManager
let job: string

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-cli-'))
  jobManager = await startJobManager({ 'jobmanager.rpc.port': '0', 'jobmanager.data-dir': join(directory, 'jm') })
  job = join(directory, 'job.ts')
  writeFileSync(
    job,
    `import { defineJob, sink, source } from 'millrace'
    export default defineJob('two-values', (env) => {
      env.from(source.values([{ a: 1 }, { a: 2 }]), { uid: 'in' }).to(sink.collect(), { uid: 'out' })
    })`,
  )
})

afterAll(async () => {
  await jobManager.close()
  rmSync(directory, { recursive: true, force: true })
})

async function millrace(...argv: string[]) {
  const terminal = recordingTerminal(argv.includes('--json'))
  const code = await runCli([...argv, '-m', jobManager.address], () => terminal)
  return { code, out: terminal.outLines.join('\n'), notes: terminal.noteLines.join('\n') }
}

/** Without a TaskManager a job waits for slots: all that the command line says about it can be held still. */
describe('the command line against a JobManager', () => {
  it('submits, shows, cancels, and remembers a job', async () => {
    const submitted = await millrace('run', job, '-d', '--json')
    expect(submitted.code).toBe(0)
    const { jobId, name } = JSON.parse(submitted.out) as { jobId: string; name: string }
    expect(name).toBe('two-values')

    const listed = await millrace('list')
    expect(listed.out).toContain(jobId.slice(0, 8))
    expect(listed.out).toMatch(/two-values {2}WAITING-FOR-RESOURCES .* 1 missing/)

    for (const spelling of [jobId, jobId.slice(0, 6), 'two-values']) {
      const info = await millrace('info', spelling, '--json')
      expect(JSON.parse(info.out)).toMatchObject({ status: { jobId, state: 'waiting-for-resources' } })
    }

    expect(await millrace('savepoint', 'two-values')).toMatchObject({ code: 5 })
    expect(await millrace('stop', 'two-values')).toMatchObject({ code: 5 })

    const canceled = await millrace('cancel', 'two-values')
    expect(canceled).toMatchObject({ code: 0, out: `two-values CANCELED  ${jobId}` })
    expect((await millrace('list')).out).toBe('')
    expect((await millrace('list')).notes).toContain('1 that ended: millrace list --all')
    expect((await millrace('list', '-a')).out).toContain('CANCELED')
  })

  it('ends with exit code 4 for a job that is not there', async () => {
    for (const verb of ['info', 'cancel', 'stop', 'checkpoint', 'logs', 'savepoint']) {
      expect(await millrace(verb, 'no-such-job')).toMatchObject({
        code: 4,
        notes: expect.stringContaining('JOBMANAGER_NO_SUCH_JOB'),
      })
    }
  })

  it('leaves a job running at Ctrl-C, and says how to follow and stop it', async () => {
    const terminal = recordingTerminal()
    const waiting = runCli(['run', job, '-m', jobManager.address], () => terminal)
    await until(() => terminal.noteLines.some((line) => line.includes('WAITING-FOR-RESOURCES')))
    terminal.interrupt()
    expect(await waiting).toBe(6)
    expect(terminal.noteLines.at(-1)).toContain('two-values goes on. Follow it with: millrace logs -f two-values')
    expect((await millrace('list')).out).toContain('two-values')
    await millrace('cancel', 'two-values')
  })

  it('reports a job that is canceled while somebody follows it', async () => {
    const following = millrace('run', job)
    await until(async () => (await millrace('list')).out.includes('two-values'))
    await millrace('cancel', 'two-values')
    expect(await following).toMatchObject({ code: 1, notes: expect.stringContaining('CLI_JOB_CANCELED') })
  })
})
