/** Who may do what at the port of a JobManager that speaks TLS, and with which files it starts. In one process. */
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { configureLogging } from '../../core/log.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { ManualClock } from '../../core/platform/manual-clock.ts'
import { TlsFiles } from '../../core/tls/files.ts'
import { startJobManager } from '../../jobmanager/main.ts'
import { startServer } from '../../jobmanager/rpc/server.ts'
import { createClusterClient } from '../../proto/client.ts'
import type { ChannelTls } from '../../proto/rpc/tls.ts'
import { startTaskManager } from '../../taskmanager/main.ts'
import { Authority, channelTls, internalFiles } from '../support/certificates.ts'
import { fakeSlot } from '../support/control-cluster.ts'

configureLogging({ level: 'silent' })
const cluster = new Authority('cluster')
const people = new Authority('people')
const strangers = new Authority('strangers')
let directory: string
let own: Record<string, string>
const open: (() => Promise<void> | void)[] = []

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-tls-jm-'))
  own = { ...internalFiles(directory, 'node', cluster), 'jobmanager.data-dir': join(directory, 'jobmanager') }
})
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close()
  rmSync(directory, { recursive: true, force: true })
})

const trustPeople = (): Record<string, string> => {
  const path = join(directory, 'people.pem')
  writeFileSync(path, people.cert)
  return { 'security.ssl.client.trusted-ca': path }
}

async function jobManager(more: Readonly<Record<string, string>> = {}): Promise<string> {
  const started = await startJobManager({ ...own, 'jobmanager.rpc.port': '0', ...more })
  open.push(() => started.close())
  return started.address.split(':').at(-1) as string
}

async function taskManager(port: string, files: Readonly<Record<string, string>>): Promise<void> {
  const started = await startTaskManager(
    {
      ...files,
      'jobmanager.rpc.port': port,
      'taskmanager.data-dir': join(directory, 'tm'),
      'taskmanager.memory.network.size': '16mb',
      'taskmanager.memory.task.heap.size': '64mb',
    },
    { slotWorker: fakeSlot },
  )
  open.push(() => started.close())
}

async function ask(port: string, tls: ChannelTls | undefined, host = 'localhost') {
  const client = createClusterClient({ address: `${host}:${port}`, tls })
  try {
    return (await client.cluster()).taskManagers.length
  } catch (error) {
    return (error as { code: string }).code
  } finally {
    client.close()
  }
}

describe('a JobManager under TLS', () => {
  it('hears TaskManagers and clients with certificates of the cluster, and nobody else', async () => {
    const port = await jobManager()
    await taskManager(port, own)
    expect(await ask(port, channelTls(cluster, cluster.issue('me')))).toBe(1)
    const refused = /^RPC_(CERTIFICATE_REFUSED|HUNG_UP)$/
    expect(await ask(port, channelTls(cluster))).toMatch(refused)
    expect(await ask(port, channelTls(cluster, strangers.issue('me')))).toMatch(refused)
    expect(await ask(port, channelTls(cluster, cluster.issue('me', { to: new Date(Date.now() - 1000) })))).toMatch(
      refused,
    )
    expect(await ask(port, undefined)).toBe('RPC_HUNG_UP')
    expect(await ask(port, channelTls(strangers, cluster.issue('me')))).toBe('RPC_NOT_TRUSTED')
    expect(await ask(port, channelTls(cluster, cluster.issue('me')), '127.0.0.1')).toBe('RPC_WRONG_NAME')
    expect(await ask(port, channelTls(cluster, cluster.issue('me'), false), '127.0.0.1')).toBe(1)
  })

  it('hears clients of an authority of their own, who cannot pass for a TaskManager', async () => {
    const port = await jobManager(trustPeople())
    expect(await ask(port, channelTls(cluster, people.issue('alice')))).toBe(0)
    expect(await ask(port, channelTls(cluster, strangers.issue('alice')))).toMatch(/^RPC_/)
    const both = join(directory, 'both.pem')
    writeFileSync(both, cluster.cert + people.cert)
    const false_ = { ...internalFiles(directory, 'false', people), 'security.ssl.internal.ca': both }
    await taskManager(port, false_)
    await taskManager(port, { ...own, 'taskmanager.resource-id': 'true' })
    expect(await ask(port, channelTls(cluster, people.issue('alice')))).toBe(1)
  })

  it('may hear clients without a certificate, and those cannot pass for a TaskManager', async () => {
    const port = await jobManager({ 'security.ssl.client.authentication': 'none' })
    expect(await ask(port, channelTls(cluster))).toBe(0)
    const both = join(directory, 'both.pem')
    writeFileSync(both, cluster.cert + strangers.cert)
    await taskManager(port, { ...internalFiles(directory, 'false', strangers), 'security.ssl.internal.ca': both })
    expect(await ask(port, channelTls(cluster))).toBe(0)
    await taskManager(port, own)
    expect(await ask(port, channelTls(cluster))).toBe(1)
  })

  it('is reached from elsewhere when all must show a certificate, or when that is accepted', async () => {
    const everywhere = { 'jobmanager.bind-host': '0.0.0.0' }
    const port = await jobManager(everywhere)
    expect(await ask(port, channelTls(cluster, cluster.issue('me')))).toBe(0)
    const none = { ...everywhere, 'security.ssl.client.authentication': 'none' }
    await expect(jobManager(none)).rejects.toMatchObject({ code: 'JOBMANAGER_UNKNOWN_CLIENTS' })
    await jobManager({ ...none, 'security.allow-insecure': 'true', 'jobmanager.data-dir': join(directory, 'other') })
    await taskManager(port, { ...own, 'taskmanager.host': '0.0.0.0' })
    expect(await ask(port, channelTls(cluster, cluster.issue('me')))).toBe(1)
  })

  it('does not start with files that will not do, and names them', async () => {
    const key = own['security.ssl.internal.key'] as string
    const start = (more: Record<string, string>) =>
      jobManager(more).then(String, (error: { code: string }) => error.code)
    const { 'security.ssl.internal.ca': _, ...incomplete } = own
    own = incomplete
    expect(await start({})).toBe('TLS_NOT_SET')
    own = { ...own, ...internalFiles(directory, 'node', cluster) }
    expect(await start({ 'security.ssl.internal.cert': '/nowhere/cert.pem' })).toBe('TLS_UNREADABLE')
    expect(await start({ 'security.ssl.client.trusted-ca': key })).toBe('TLS_BAD_FILE')
    const expired = cluster.issue('node', { to: new Date(Date.now() - 1000) })
    expect(await start(internalFiles(directory, 'expired', cluster, expired))).toBe('TLS_EXPIRED')
    expect(
      await start({
        ...internalFiles(directory, 'x', strangers),
        'security.ssl.internal.ca': own['security.ssl.internal.ca'] as string,
      }),
    ).toBe('TLS_NOT_SIGNED')
    chmodSync(key, 0)
    // The administrator may read everything.
    if (process.getuid?.() !== 0) expect(await start({})).toBe('TLS_UNREADABLE')
    await expect(taskManager('1', { ...own, 'security.ssl.internal.key': '' })).rejects.toMatchObject({
      code: 'TLS_NOT_SET',
    })
  })

  it('takes new files while it runs', async () => {
    const file = (key: string) => ({ option: key, path: own[`security.ssl.internal.${key}`] as string })
    const clock = new ManualClock(Date.now())
    const source = new TlsFiles({ key: file('key'), cert: file('cert'), ca: file('ca') }, systemDisk, clock)
    const tls = { source, clients: 'required' } as const
    const rpc = { host: '127.0.0.1', port: 0, allowInsecure: false, messageBytesMax: 1 << 20, tls }
    const server = await startServer(rpc, async () => ({ control: {}, client: {} }))
    open.push(() => server.close())
    const handshake = (authority: Authority) => ask(String(server.port), channelTls(authority, authority.issue('me')))
    // Nobody implements anything here: whoever hears that has been let in.
    const letIn = await handshake(cluster)
    expect(letIn).not.toMatch(/RPC_(NOT_TRUSTED|CERTIFICATE_REFUSED|HUNG_UP|NO_JOBMANAGER)/)
    expect(await handshake(people)).toBe('RPC_NOT_TRUSTED')
    internalFiles(directory, 'node', people)
    clock.advance(5000)
    expect(await handshake(people)).toBe(letIn)
    expect(await handshake(cluster)).toBe('RPC_NOT_TRUSTED')
  })
})
