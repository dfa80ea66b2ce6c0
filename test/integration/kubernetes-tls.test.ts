/** The Pods of overlay application with the component tls: command, environment and mounted Secret as they are rendered. */
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { type ClusterClient, createClusterClient, type JobInfo } from '../../proto/client.ts'
import { Authority, channelTls } from '../support/certificates.ts'
import { installKubernetesTools, parseYaml, render } from '../support/kubernetes.ts'
import { makeImage, type Pod, Pods, requirePods } from '../support/pods.ts'
import { until } from '../support/until.ts'

requirePods()
installKubernetesTools()

const authority = new Authority('this cluster')
const hosts = ['millrace-jobmanager', 'localhost']
const secret = (): Readonly<Record<string, string>> => {
  const { key, cert } = authority.issue('millrace', { hosts })
  return { 'tls.key': key, 'tls.crt': cert, 'ca.crt': authority.cert }
}

let image = ''
let pods: Pods
let own: readonly Pod[] = []
let client: ClusterClient

beforeAll(async () => {
  image = makeImage()
  pods = new Pods(parseYaml(render('application+tls')), image, { 'millrace-tls': secret() })
  own = pods.all.filter(({ name }) => !name.startsWith('millrace-broker'))
  for (const pod of own) pods.start(pod)
  for (const pod of own) await pods.ready(pod)
  const address = `${pods.pod('millrace-jobmanager-0').address}:6123`
  client = createClusterClient({ address, tls: channelTls(authority, authority.issue('client'), false) })
})
afterAll(async () => {
  client?.close()
  await pods?.close()
  if (image !== '') rmSync(image, { recursive: true })
})

const untilJob = (condition: (info: JobInfo) => boolean): Promise<JobInfo> =>
  until(async () => {
    const info = await client.info('application')
    if (condition(info)) return info
    if (info.status.terminal) throw new Error(`the job is ${info.status.state} before ${condition}`)
    return undefined
  }, 50)

const complete = ({ checkpoints }: JobInfo, sinceMs: number): boolean =>
  checkpoints.some(({ state, triggeredMs }) => state === 'completed' && triggeredMs >= sinceMs)

it('take a job, exchange its records, and go on with a renewed Secret without a restart', async () => {
  const given = ['rate=2000', 'count=1000000', 'execution.checkpointing.interval=300ms'].flatMap((each) => ['-D', each])
  const ends = await pods.runJob('millrace-submit', given)
  expect(ends.map(({ code, log }) => (code === 0 ? 'submitted' : log))).toEqual(['submitted', 'submitted'])
  const { vertices } = await untilJob((info) => complete(info, 1))
  // Two TaskManagers of one slot each: what is keyed goes from one to the other.
  expect(new Set(vertices.flatMap(({ subtasks }) => subtasks.map((each) => each.taskManagerId))).size).toBe(2)

  const [first] = own as [Pod]
  pods.setSecret('millrace-tls', first.spec, secret())
  const renewed = ({ log }: Pod): boolean => log.includes('new keys and certificates are in use')
  await expect.poll(() => own.filter(renewed).length).toBe(own.length)
  const sinceMs = Date.now()
  await untilJob((info) => complete(info, sinceMs))
  expect((await client.info('application')).status).toMatchObject({ state: 'running', attempt: 1 })
  const keys = own.map(({ log }) => log).filter((log) => log.includes('PRIVATE KEY'))
  expect(keys).toEqual([])
})

it('turn away who has no certificate of the authority', async () => {
  const address = `${pods.pod('millrace-jobmanager-0').address}:6123`
  const stranger = new Authority('somebody else')
  for (const tls of [undefined, channelTls(authority, stranger.issue('client'), false)]) {
    const other = createClusterClient({ address, ...(tls !== undefined && { tls }) })
    await expect(other.list()).rejects.toThrow()
    other.close()
  }
})
