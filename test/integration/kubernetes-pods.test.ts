/** The Pods of an overlay as Kubernetes would start them, replaced one by one while a job and a producer work. */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadJob } from '../../cli/load-job.ts'
import { openS3 } from '../../core/storage/s3/client.ts'
import { s3Settings } from '../../core/storage/s3/options.ts'
import { type ClusterClient, createClusterClient, type JobInfo } from '../../proto/client.ts'
import { installKubernetesTools, parseYaml, render } from '../support/kubernetes.ts'
import { makeImage, type Pod, Pods, requirePods } from '../support/pods.ts'
import { installRedisServer, RedisServer } from '../support/redis-server.ts'
import { installS3Server, type S3Server, startS3Server } from '../support/s3-server.ts'

requirePods()
installKubernetesTools()
installS3Server()
installRedisServer()

const jobFile = fileURLToPath(new URL('./recovery-job.ts', import.meta.url))
const rate = 1000
const numbers = 25_000
const topic = 'numbers'

interface Row {
  readonly key: number
  readonly n: number
  readonly seen: number
}

let image = ''

beforeAll(() => {
  image = makeImage()
})
afterAll(() => {
  if (image !== '') rmSync(image, { recursive: true })
})

describe('the Pods of overlay application', () => {
  let pods: Pods
  let client: ClusterClient | undefined

  beforeAll(async () => {
    pods = new Pods(parseYaml(render('application')), image)
    client = createClusterClient({ address: `${pods.pod('millrace-jobmanager-0').address}:6123` })
    // All at once, as Kubernetes does it: nobody waits for another.
    for (const pod of pods.all) pods.start(pod)
    for (const pod of pods.all) await pods.ready(pod)
  })
  afterAll(async () => {
    client?.close()
    await pods?.close()
  })

  const job = async (): Promise<JobInfo> => (client as ClusterClient).info('application')

  async function until(what: string, condition: (info: JobInfo) => boolean): Promise<JobInfo> {
    for (;;) {
      // While the JobManager is being replaced, nobody answers.
      const info = await job().catch(() => undefined)
      if (info !== undefined && condition(info)) return info
      if (info?.status.terminal === true) throw new Error(`${what}: the job is ${info.status.state}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** All tasks run, and a checkpoint has completed since; or, on a slow machine, there is nothing left to do. */
  const works = (): Promise<JobInfo> =>
    until('a job that works', ({ status: { state, stateSinceMs }, checkpoints }) => {
      const running = checkpoints.some((each) => each.state === 'completed' && each.triggeredMs >= stateSinceMs)
      return state === 'finished' || (state === 'running' && running)
    })

  it('run as another user, in a root that cannot be written to, with the privileges of nobody', () => {
    for (const { process: child } of pods.all) {
      const status = readFileSync(`/proc/${child?.pid}/status`, 'utf8')
      expect(status).toMatch(/^Uid:\t65532\t65532\t65532\t65532$/m)
      expect(status).toMatch(/^CapEff:\t0+$/m)
      const root = readFileSync(`/proc/${child?.pid}/mountinfo`, 'utf8')
        .split('\n')
        .find((line) => / \/ ro[, ]/.test(line))
      expect(root).toBeDefined()
    }
  })

  it('are replaced one by one, each within its grace period, and lose nothing', async () => {
    const ends = await pods.runJob('millrace-submit', [
      '-D',
      `rate=${rate}`,
      '-D',
      `count=${numbers}`,
      '-D',
      'execution.checkpointing.interval=500ms',
    ])
    expect(ends.map(({ code, log }) => (code === 0 ? 'submitted' : log))).toEqual(['submitted', 'submitted'])
    await works()
    // Slots say how far they are a few times a second.
    let recordsIn = 0
    while (recordsIn === 0) {
      const each = pods.all.filter(isTaskManager).map(({ name }) => metric(name, 'millrace_records_in_total'))
      recordsIn = (await Promise.all(each)).reduce((sum, n) => sum + n, 0)
    }
    const producing = produceUntil()
    for (const pod of pods.all) {
      const end = await pods.stop(pod)
      expect({ pod: pod.name, code: end.code }).toEqual({ pod: pod.name, code: 0 })
      pods.start(pod)
      await pods.ready(pod)
      await works()
    }
    const { sent } = await producing.stop()
    expect(await consumed(sent)).toEqual(Array.from({ length: sent }, (_, n) => n))
    expect(sent).toBeGreaterThan(1000)

    await until('the end of the job', ({ status }) => status.state === 'finished')
    const rows = readRows(join(pods.claim('millrace-shared'), 'out'))
    const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n)
    const sorted = (values: readonly number[]): number[] => values.toSorted((a, b) => a - b)
    // Every number once. Of each key every count once: none was lost, or counted twice. Two sources feed a key, in any order.
    expect(sorted(rows.map(({ n }) => n))).toEqual(upTo(numbers))
    for (const [key, own] of Map.groupBy(rows, (row) => row.n % 10)) {
      expect(own.every((row) => row.key === key)).toBe(true)
      expect(sorted(own.map(({ seen }) => seen - 1))).toEqual(upTo(numbers / 10))
    }
  })

  const isTaskManager = ({ name }: Pod): boolean => name.startsWith('millrace-taskmanager')

  /** The sum over all labels. */
  async function metric(pod: string, name: string): Promise<number> {
    const text = (await (await pods.get(pods.pod(pod), '/metrics'))?.text()) ?? ''
    const values = text
      .split('\n')
      .filter((line) => line.startsWith(`${name}{`))
      .map((line) => Number(line.split(' ').at(-1)))
    return values.reduce((sum, each) => sum + each, 0)
  }

  /** A client that finds names as Pods do. */
  function kafka(): Kafka {
    const addresses = new Map(pods.all.map(({ name, address }) => [`${name}.millrace-broker`, address]))
    return new Kafka({
      brokers: [`${pods.pod('millrace-broker-0').address}:9092`],
      logLevel: logLevel.NOTHING,
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 100 },
      socketFactory: ({ host, port, onConnect }) => connect({ host: addresses.get(host) ?? host, port }, onConnect),
    })
  }

  /** Writes numbers one after the other, each once, whatever becomes of the broker. */
  function produceUntil(): { stop(): Promise<{ sent: number }> } {
    let stopping = false
    const done = (async () => {
      const producer = kafka().producer({ idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: true })
      await producer.connect()
      let sent = 0
      while (!stopping) {
        const messages = Array.from({ length: 20 }, () => ({ value: String(sent++) }))
        await producer.send({ topic, messages, acks: -1 })
      }
      await producer.disconnect()
      return { sent }
    })()
    return {
      stop: () => {
        stopping = true
        return done
      },
    }
  }

  async function consumed(count: number): Promise<readonly number[]> {
    const consumer = kafka().consumer({ groupId: 'check' })
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
    const values: number[] = []
    await new Promise<void>((resolve, reject) => {
      const run = consumer.run({
        eachMessage: async ({ message }) => {
          values.push(Number(message.value?.toString()))
          if (values.length === count) resolve()
        },
      })
      run.catch(reject)
    })
    await consumer.disconnect()
    return values
  }
})

describe('the Pods of overlay ha', () => {
  let server: S3Server | undefined
  let redis: RedisServer | undefined
  let pods: Pods | undefined

  beforeAll(async () => {
    server = await startS3Server()
    redis = await RedisServer.start('the password of redis')
    const { sdk, client } = await openS3(s3Settings(server.options))
    await client.send(new sdk.CreateBucketCommand({ Bucket: 'your-bucket' }))
  })
  afterAll(async () => {
    await pods?.close()
    await server?.close()
    await redis?.close()
  })

  it('lose a node with its volume while a job runs, and go on from the checkpoint in S3', async () => {
    const at = server?.options ?? {}
    const where = {
      MILLRACE_S3_ENDPOINT: at['s3.endpoint'] ?? '',
      MILLRACE_S3_PATH_STYLE_ACCESS: 'true',
      MILLRACE_S3_REGION: 'us-east-1',
      MILLRACE_HIGH_AVAILABILITY_REDIS_URL: redis?.url ?? '',
      MILLRACE_EXECUTION_CHECKPOINTING_INTERVAL: '500ms',
      // Its files are on the volume that is lost with the node.
      MILLRACE_STATE_BACKEND_TYPE: 'rocksdb',
    }
    const manifests = parseYaml(render('ha')).map((each) =>
      each.kind === 'ConfigMap' && each.metadata.name.startsWith('millrace-env')
        ? { ...each, data: { ...each.data, ...where } }
        : each,
    )
    const credentials = {
      AWS_ACCESS_KEY_ID: at['s3.access-key'] ?? '',
      AWS_SECRET_ACCESS_KEY: at['s3.secret-key'] ?? '',
    }
    const all = new Pods(manifests, image, {
      'millrace-s3': credentials,
      'millrace-redis': { password: redis?.password ?? '' },
    })
    pods = all
    for (const pod of all.all) all.start(pod)
    for (const pod of all.all) await all.ready(pod)
    const jobManagers = ['millrace-jobmanager-0', 'millrace-jobmanager-1'].map((name) => all.pod(name))
    const client = createClusterClient({ address: jobManagers.map(({ address }) => `${address}:6123`).join(',') })
    // One that keeps nothing but its state: files of a Pod would be lost with the node.
    const { plan, bundle, options } = await loadJob(jobFile, {}, 2)
    const { jobId } = await client.submit({ plan, bundle: Buffer.from(bundle.code), options })
    const running = async (attempt: number): Promise<JobInfo> => {
      for (;;) {
        const info = await client.info(jobId)
        const { state, stateSinceMs, attempt: now } = info.status
        const complete = info.checkpoints.some((each) => each.state === 'completed' && each.triggeredMs >= stateSinceMs)
        if (state === 'running' && now >= attempt && complete) return info
        if (now > attempt + 5) throw new Error(`the job fails and fails: ${info.status.failure?.message}`)
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    }
    const before = await running(1)
    expect(before.checkpoints.find(({ state }) => state === 'completed')?.path).toMatch(
      /^s3:\/\/your-bucket\/millrace\/checkpoints\//,
    )

    // The node of the leader goes: the other one goes on with the tasks as they are.
    const { address, epoch } = await client.cluster()
    const leader = jobManagers.find((pod) => address.startsWith(`${pod.name}.`))
    if (leader === undefined) throw new Error(`${address} is no JobManager of ours`)
    await all.lose(leader)
    const after = await running(1)
    expect(after.status.attempt).toBe(1)
    expect((await client.cluster()).epoch).toBeGreaterThan(epoch)

    const lost = all.pod(before.vertices[0]?.subtasks[0]?.taskManagerId ?? '')
    await all.lose(lost)
    await running(before.status.attempt + 1)
    all.start(lost)
    await all.ready(lost)
    const lines: string[] = []
    for await (const { text } of client.logs(jobId)) lines.push(text)
    expect(lines.find((line) => line.includes('starts from'))).toMatch(/starts from s3:\/\/your-bucket\//)
    expect(all.all.map(({ log }) => log).join('')).not.toContain(credentials.AWS_SECRET_ACCESS_KEY)
    expect(all.all.map(({ log }) => log).join('')).not.toContain(redis?.password)
    client.close()
  })
})

/** Committed files; hidden ones are not. */
function readRows(directory: string): Row[] {
  return readdirSync(directory)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}
