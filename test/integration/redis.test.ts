/** JobManagers with Redis as people run it: behind Sentinels that fail over, under TLS, with passwords; and what is refused. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, it } from 'vitest'
import { RedisConnection } from '../../jobmanager/ha/redis.ts'
import { RedisQueues } from '../../jobmanager/ha/redis-work.ts'
import { clientMethods } from '../../proto/generated/services.ts'
import { Channel } from '../../proto/rpc/channel.ts'
import { Authority, channelTls, type Issued } from '../support/certificates.ts'
import { HaCluster } from '../support/ha-cluster.ts'
import { testPlan } from '../support/plan.ts'
import { freePort } from '../support/ports.ts'
import { RedisSentinels } from '../support/redis-sentinels.ts'
import { installRedisServer, RedisServer, redisTlsOptions } from '../support/redis-server.ts'

installRedisServer()

const closing: (() => Promise<void> | void)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

const fast = { 'high-availability.lease-duration': '1s' }
/** Nothing that only one JobManager has: tasks can be gone on with. */
const quiet = { 'fake.results': 'none', 'execution.checkpointing.interval': '100ms' }

/** What each JobManager says when it is asked alone. */
async function leaders(cluster: HaCluster): Promise<readonly string[]> {
  const answers = cluster.ports.map(async (_, index) => {
    const channel = new Channel(cluster.address(index))
    const answer = channel.unary(clientMethods.cluster, {}).then(
      () => 'leads',
      (error: { code: string; message: string }) => `${error.code} ${error.message}`,
    )
    return answer.finally(() => channel.close())
  })
  return Promise.all(answers)
}

it.each([
  ['SIGKILL', 'without encryption'],
  ['SIGSTOP', 'without encryption'],
  ['SIGKILL', 'under TLS'],
] as const)(
  'the master of Redis gets %s %s, Sentinels promote the replica, and one JobManager leads with all jobs',
  async (signal, how) => {
    const authority = how === 'under TLS' ? new Authority('redis authority') : undefined
    const sentinels = await RedisSentinels.start(authority)
    closing.push(() => sentinels.close())
    const [first, second] = sentinels.servers as [RedisServer, RedisServer]
    const cluster = await HaCluster.start(2, { ...fast, ...sentinels.options }, first)
    closing.push(() => cluster.close())
    await cluster.taskManager('tm-1', 3)
    const job = await cluster.submit(testPlan('kept', 1, quiet))
    await cluster.until(job, 'running')
    const { epoch } = await cluster.client.cluster()

    if (signal === 'SIGKILL') await first.kill()
    else first.signal(signal)
    await expect.poll(() => sentinels.master()).toBe(second.port)
    const another = await cluster.submit(testPlan('another', 1, quiet))
    await cluster.until(another, 'running')
    expect(await cluster.until(job, 'running')).toMatchObject({ attempt: 1, restarts: 0 })
    const after = await cluster.client.cluster()
    expect(after.epoch).toBeGreaterThanOrEqual(epoch)

    // Back again: it believes for a moment that it is the master, with the lease of then.
    if (signal === 'SIGKILL') await first.start()
    else first.signal('SIGCONT')
    await cluster.kill(await cluster.leader())
    expect(await cluster.until(job, 'running')).toMatchObject({ attempt: 1, restarts: 0 })
    expect((await cluster.client.cluster()).epoch).toBeGreaterThan(after.epoch)
    expect((await leaders(cluster)).filter((answer) => answer === 'leads')).toHaveLength(1)
    const last = await cluster.submit(testPlan('last', 1, quiet))
    await cluster.until(last, 'running')
    expect((await cluster.client.list()).map((each) => each.jobId).sort()).toEqual([job, another, last].sort())
  },
)

it('Redis under TLS is asked by who has a certificate, and by nobody else', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-redis-tls-'))
  closing.push(() => rmSync(directory, { recursive: true }))
  const authority = new Authority('redis authority')
  const server = await RedisServer.start({ password: 'secret', tls: { authority } })
  const cluster = await HaCluster.start(1, { ...fast, ...redisTlsOptions(directory, authority) }, server)
  closing.push(() => cluster.close())
  await cluster.taskManager('tm-1', 1)
  const job = await cluster.submit(testPlan('encrypted', 1, quiet))
  await cluster.until(job, 'running')
  const ask = async (own: Issued, trusted: Authority): Promise<unknown> => {
    const { source } = channelTls(trusted, own)
    const connection = new RedisConnection(
      { url: server.url, username: undefined, password: 'secret', tls: source },
      500,
    )
    closing.push(() => connection.disconnect())
    await connection.connect().catch(() => undefined)
    return connection.ask((each) => each.ping()).catch((error: Error) => error.message)
  }
  const somebody = new Authority('somebody else')
  expect(await ask(authority.issue('client'), authority)).toBe('PONG')
  expect(await ask(authority.issue('client'), somebody)).toMatch(/Redis does not answer: .*(certificate|issuer)/)
  expect(await ask(somebody.issue('stranger'), authority)).toMatch(/Redis does not answer: /)
})

it('Redis Cluster is refused at the start', async () => {
  const bus = String(await freePort())
  const server = await RedisServer.start({ more: ['--cluster-enabled', 'yes', '--cluster-port', bus] })
  const cluster = await HaCluster.start(1, fast, server)
  closing.push(() => cluster.close())
  expect(await cluster.startJobManager(0, { 'jobmanager.rpc.port': '0' })).toMatchObject({
    code: 'HA_REDIS_CLUSTER',
    message: expect.stringContaining('one Redis, or one master with Sentinels') as string,
  })
})

it('a password that is wrong is said to be, and is not said', async () => {
  const server = await RedisServer.start('right')
  closing.push(() => server.close())
  const connection = new RedisConnection({ url: server.url, username: undefined, password: 'a wrong one' }, 500)
  closing.push(() => connection.disconnect())
  await connection.connect().catch(() => undefined)
  const failure = await connection.ask((each) => each.get('lease')).catch((error: unknown) => error)
  expect(failure).toMatchObject({ code: 'HA_REDIS_AWAY', message: expect.stringMatching(/WRONGPASS/) as string })
  expect(`${JSON.stringify(failure)} ${String((failure as Error).stack)}`).not.toContain('a wrong one')
})

it('Sentinels that nobody can reach hold up no start, and are named as the reason', async () => {
  const sentinel = { addresses: '127.0.0.1:1', master: 'm', username: undefined, password: undefined }
  const url = 'redis://not.counted'
  const connection = new RedisConnection({ url, username: undefined, password: undefined, sentinel }, 300)
  closing.push(() => connection.disconnect())
  await expect(connection.connect()).rejects.toThrow(/All sentinels are unreachable/)
})

it('a JobManager ends when it is told to, whether Redis was never there, is silent or is gone', async () => {
  const [dead, silent] = [await RedisServer.start(), await RedisServer.start()]
  closing.push(() => silent.close())
  for (const url of ['redis://127.0.0.1:1', silent.url, dead.url]) {
    const troubles: string[] = []
    const queues = new RedisQueues({
      redis: { url, username: undefined, password: undefined },
      timeoutMs: 300,
      prefix: 'test',
      cluster: 'c',
      trouble: (text) => void troubles.push(text),
    })
    const work = queues.lead({
      submitted: async () => undefined,
      clean: async () => undefined,
      savepoint: async () => undefined,
    })
    // On a busy machine an answer may take longer than the 300 ms: whoever submits tries again.
    if (url !== 'redis://127.0.0.1:1') await expect.poll(() => queues.submitted('job', 5_000)).toBe(true)
    if (url === silent.url) silent.signal('SIGSTOP')
    if (url === dead.url) await dead.kill()
    const beganMs = performance.now()
    await work.close()
    await queues.close()
    // Of these it gives Redis six seconds at most; without a limit it would be half a minute.
    expect(performance.now() - beganMs).toBeLessThan(20_000)
    expect(troubles).toEqual([])
  }
})
