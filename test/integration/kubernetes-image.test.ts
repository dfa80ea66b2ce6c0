/** The commands of deploy/Dockerfile are run, and what they make is started as the image would be. */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { loadJob } from '../../cli/load-job.ts'
import { createClusterClient } from '../../proto/client.ts'
import { buildImage } from '../support/dockerfile.ts'
import { installKubernetesTools, parseYaml, render } from '../support/kubernetes.ts'
import { Pods, requirePods } from '../support/pods.ts'

requirePods()
installKubernetesTools()

const jobFile = fileURLToPath(new URL('./recovery-job.ts', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'millrace-dockerfile-'))
/** Node itself and the C libraries come on top of it, about 130 MB. */
const sizeMaxMb = 130
let installed = ''

beforeAll(() => {
  // Containers have another user.
  chmodSync(root, 0o755)
  installed = join(buildImage(root), 'opt/millrace')
}, 600_000)
afterAll(() => rmSync(root, { recursive: true }))

it('holds the product and what it depends on, and nothing that only builds or tests it', () => {
  expect(readdirSync(installed).sort()).toEqual(['LICENSE', 'bin', 'dist', 'node_modules', 'package.json'])
  const { dependencies, devDependencies } = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >
  const there = (name: string): boolean => existsSync(join(installed, 'node_modules', name))
  expect(Object.keys(dependencies).filter((name) => !there(name))).toEqual([])
  // The types of Node come with protobufjs.
  const tools = Object.keys(devDependencies).filter((name) => name !== '@types/node')
  expect(tools.filter(there)).toEqual([])
  expect(readdirSync(join(installed, 'node_modules')).filter((name) => name.startsWith('node-linux'))).toEqual([])
  const [kilobytes] = spawnSync('du', ['-sk', installed], { encoding: 'utf8' }).stdout.split('\t')
  expect(Number(kilobytes) / 1024).toBeLessThan(sizeMaxMb)
})

it('has what is compiled for this machine', () => {
  const native = ['@nxtedition/rocksdb', '@node-rs/crc32', 'lz4-napi', 'snappy', 'esbuild']
  const program = native.map((name) => `await import('${name}')`).join(';')
  const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
    cwd: installed,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})

it('runs a job with state in RocksDB, in containers that cannot write to it', async () => {
  const pods = new Pods(parseYaml(render('session')), installed)
  const own = pods.all.filter(({ name }) => /jobmanager|taskmanager-0/.test(name))
  const client = createClusterClient({ address: `${pods.pod('millrace-jobmanager-0').address}:6123` })
  try {
    for (const pod of own) pods.start(pod)
    for (const pod of own) await pods.ready(pod)
    const { plan, bundle, options } = await loadJob(jobFile, {}, 2)
    const given = { ...options, 'state.backend.type': 'rocksdb', 'execution.checkpointing.interval': '300ms' }
    const { jobId } = await client.submit({ plan, bundle: Buffer.from(bundle.code), options: given })
    const states = async (): Promise<readonly string[]> =>
      (await client.info(jobId)).checkpoints.map(({ state, bytes }) => (bytes > 0 ? state : 'empty'))
    await expect.poll(states).toContain('completed')
    for (const pod of own) expect(await pods.stop(pod)).toMatchObject({ code: 0 })
  } finally {
    client.close()
    await pods.close()
  }
})
