/** The Pods of an overlay as Kubernetes would start them, replaced one by one while a job and a producer work. */
import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Kafka, logLevel } from 'kafkajs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ClusterClient, createClusterClient, type JobInfo } from '../../proto/client.ts'
import { hasKubernetesTools, parseYaml, render } from '../support/kubernetes.ts'
import { hasPods, makeImage, type Pod, Pods } from '../support/pods.ts'

const able = hasPods() && hasKubernetesTools()
const rate = 1000
const numbers = 25_000
const topic = 'numbers'

interface Row {
  readonly key: number
  readonly n: number
  readonly seen: number
}

describe.skipIf(!able)('the Pods of overlay application', () => {
  let image = ''
  let pods: Pods
  let client: ClusterClient | undefined

  beforeAll(async () => {
    image = makeImage()
    pods = new Pods(parseYaml(render('application')), image)
    client = createClusterClient({ address: `${pods.pod('millrace-jobmanager-0').address}:6123` })
    // All at once, as Kubernetes does it: nobody waits for another.
    for (const pod of pods.all) pods.start(pod)
    for (const pod of pods.all) await pods.ready(pod)
  }, 120_000)
  afterAll(async () => {
    client?.close()
    await pods?.close()
    rmSync(image, { recursive: true, force: true })
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
    const restarts = await metric('millrace-jobmanager-0', 'millrace_job_restarts_total')
    expect(restarts).toBeGreaterThan(0)
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
  }, 240_000)

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

/** Committed files; hidden ones are not. */
function readRows(directory: string): Row[] {
  return readdirSync(directory)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) => readFileSync(join(directory, name), 'utf8').split('\n'))
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Row)
}
