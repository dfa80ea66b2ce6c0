/** A cluster of real processes that talk TLS: what it does, what it survives, and who is not let in. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { loadJob } from '../../cli/load-job.ts'
import type { JobInfo } from '../../proto/client.ts'
import { Authority, channelTls, internalFiles } from '../support/certificates.ts'
import { type Ended, startCli } from '../support/cli-process.ts'
import { TlsCluster } from '../support/tls-cluster.ts'

const recoveryJob = fileURLToPath(new URL('./recovery-job.ts', import.meta.url))
const exchangeJob = fileURLToPath(new URL('./exchange-job.ts', import.meta.url))
const authority = new Authority('cluster')
/** Of the same name, with another key. */
const strangers = new Authority('cluster')
let files: string
let cluster: TlsCluster

beforeAll(async () => {
  files = mkdtempSync(join(tmpdir(), 'millrace-tls-files-'))
  cluster = await TlsCluster.start(
    internalFiles(files, 'node', authority),
    channelTls(authority, authority.issue('me')),
  )
})
afterAll(async () => {
  await cluster.close()
  rmSync(files, { recursive: true, force: true })
})

async function submit(file: string, options: Readonly<Record<string, string>>): Promise<string> {
  const { plan, bundle, options: given } = await loadJob(file, options, 4)
  return (await cluster.client.submit({ plan, bundle: Buffer.from(bundle.code), options: given })).jobId
}

const until = (jobId: string, what: string, condition: (info: JobInfo) => boolean): Promise<JobInfo> =>
  cluster.until(what, async () => {
    const info = await cluster.client.info(jobId)
    return condition(info) && info
  })

/** What comes back from a port of whoever connects so; '' when nothing does. */
function knock(port: number, identity: { key?: string; cert?: string; plain?: boolean }): Promise<string> {
  return new Promise((resolve) => {
    let came = ''
    const { plain, ...own } = identity
    const socket =
      plain === true
        ? connectPlain({ host: '127.0.0.1', port })
        : connect({ host: '127.0.0.1', port, ca: authority.cert, checkServerIdentity: () => undefined, ...own })
    socket.on('data', (data: Buffer) => {
      came += data.toString('latin1')
    })
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(came))
    socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  })
}

test('records go from one TaskManager to the other, and none is lost', async () => {
  const jobId = await submit(exchangeJob, { 'exchange.records': '20000', 'exchange.pause': '0' })
  let count = 0
  for await (const { records } of cluster.client.results(jobId)) count += records.length
  expect(count).toBe(20_000)
})

test('a job outlives a TaskManager and the JobManager that are killed', async () => {
  const jobId = await submit(recoveryJob, { 'execution.checkpointing.interval': '100ms' })
  const steady = (attempt: number) =>
    until(
      jobId,
      'a running job with a checkpoint',
      ({ status, checkpoints }) =>
        status.state === 'running' &&
        status.attempt >= attempt &&
        checkpoints.some(({ state, triggeredMs }) => state === 'completed' && triggeredMs >= status.stateSinceMs),
    )
  const { status } = await steady(1)
  await cluster.kill('tm-1')
  cluster.start('tm-1')
  await steady(status.attempt + 1)
  await cluster.kill('jobmanager')
  cluster.start('jobmanager')
  const newest = async (): Promise<number> =>
    Number((await cluster.client.info(jobId)).checkpoints[0]?.checkpointId ?? 0)
  const before = await cluster.until('the JobManager', newest)
  await cluster.until('later checkpoints', async () => (await newest()) > before + 2)
  await cluster.client.cancel(jobId)
  await until(jobId, 'the end', ({ status: { terminal } }) => terminal)
})

test('a stranger gets nothing from the port of the JobManager', async () => {
  expect(await knock(cluster.port, {})).toBe('')
  expect(await knock(cluster.port, strangers.issue('tm-9'))).toBe('')
  // At most an alert of TLS, which is seven bytes.
  expect((await knock(cluster.port, { plain: true })).length).toBeLessThan(8)
  expect(await knock(cluster.port, authority.issue('friend'))).not.toBe('')
})

test('a TaskManager with the certificate of a stranger does not come in, and says why', async () => {
  const own = strangers.issue('tm-3')
  const ca = { 'security.ssl.internal.ca': join(files, 'both.pem') }
  writeFileSync(ca['security.ssl.internal.ca'], `${authority.cert}${strangers.cert}`)
  cluster.start('tm-3', { ...internalFiles(files, 'stranger', strangers, own), ...ca })
  // With TLS 1.3 the reason does not always come before the end of the connection.
  const why = /did not let this process in|closes the connection without an answer|ECONNRESET|was reset|socket hang up/
  await cluster.until('a sentence in its log', () => why.test(cluster.logOf('tm-3')))
  // Those that were killed before may still be on their way back.
  await expect
    .poll(async () => (await cluster.client.cluster()).taskManagers.map(({ id }) => id).sort())
    .toEqual(['tm-1', 'tm-2'])
  await cluster.kill('tm-3')
})

test('commands say what is wrong with the connection, and list jobs when nothing is', async () => {
  const me = authority.issue('me')
  const given = { ca: authority.cert, other: strangers.cert, 'me.key': me.key, 'me.pem': me.cert }
  for (const [name, text] of Object.entries(given)) writeFileSync(join(files, name), text)
  const at = (key: string, file: string) => ['-D', `security.ssl.client.${key}=${join(files, file)}`]
  const own = [...at('key', 'me.key'), ...at('cert', 'me.pem')]
  const list = (host: string, ...more: string[]): Promise<Ended> =>
    startCli(files, 'list', '--all', '-m', `${host}:${cluster.port}`, ...more).ended
  const [good, plain, nobody, distrusting, misnamed, unnamed, absent] = await Promise.all([
    list('localhost', ...at('ca', 'ca'), ...own),
    list('localhost'),
    list('localhost', ...at('ca', 'ca')),
    list('localhost', ...at('ca', 'other'), ...own),
    list('127.0.0.1', ...at('ca', 'ca'), ...own),
    list('127.0.0.1', ...at('ca', 'ca'), ...own, '-D', 'security.ssl.client.verify-hostname=false'),
    list('localhost', ...at('ca', 'nothing-here')),
  ])
  expect([good.notes, good.code]).toEqual(['', 0])
  expect(plain.notes).toContain('speaks TLS')
  expect(nobody.notes).toMatch(/it wants a certificate|without an answer/)
  expect(distrusting.notes).toContain('is not trusted')
  expect(misnamed.notes).toContain('is for others')
  expect(unnamed.code).toBe(0)
  expect(absent.notes).toContain('there is no such file')
  expect([plain, nobody, misnamed].map(({ code }) => code)).toEqual([3, 3, 3])
})
