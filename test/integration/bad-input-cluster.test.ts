/** What comes to a running cluster from outside: garbage on its ports, signals, a disk without room. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { loadJob } from '../../cli/load-job.ts'
import { ChaosCluster } from '../chaos/cluster.ts'
import { runCliProcess, startCli } from '../support/cli-process.ts'

let cluster: ChaosCluster
let directory: string
let room: Room

beforeAll(async () => {
  cluster = await ChaosCluster.start({ taskManagers: 2, slots: 2, options: {} })
  directory = join(cluster.directory, 'user')
  mkdirSync(directory)
  room = makeRoom(join(cluster.directory, 'small'))
})
afterAll(async () => {
  room.close()
  await cluster.close()
})

const job = (name: string, body: string): string => {
  const path = join(directory, `${name}.ts`)
  writeFileSync(
    path,
    `import { defineJob, sink, source } from 'millrace'
export default defineJob('${name}', (env) => {
${body}
})`,
  )
  return path
}

async function submit(path: string, parallelism: number, options: Readonly<Record<string, string>>): Promise<string> {
  const loaded = await loadJob(path, options, parallelism)
  const bundle = Buffer.from(loaded.bundle.code)
  return (await cluster.client.submit({ plan: loaded.plan, bundle, options: loaded.options })).jobId
}

/** A place for files that can be full: a small file system, or for users who may not mount one, a closed directory. */
interface Room {
  readonly path: string
  readonly refuses: RegExp
  fill(): void
  free(): void
  close(): void
}

function makeRoom(path: string): Room {
  mkdirSync(path)
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', path], { stdio: 'ignore' })
  } catch {
    return {
      path,
      refuses: /permission|EACCES/i,
      fill: () => chmodSync(path, 0o555),
      free: () => chmodSync(path, 0o755),
      close: () => chmodSync(path, 0o755),
    }
  }
  const filler = join(path, 'filler')
  return {
    path,
    refuses: /space|full/i,
    fill() {
      for (let bytes = 2 * 1024 * 1024, part = 0; bytes >= 1; part++) {
        try {
          mkdirSync(filler, { recursive: true })
          writeFileSync(join(filler, String(part)), Buffer.alloc(bytes))
        } catch {
          bytes = Math.floor(bytes / 2)
        }
      }
    },
    free: () => rmSync(filler, { recursive: true, force: true }),
    close: () => execFileSync('umount', ['-l', path]),
  }
}

describe('garbage on every port', () => {
  it('leaves a running job and its result alone', async () => {
    const path = job(
      'steady',
      `  env.from(source.generator({ count: 6000, rate: 3000, create: (n) => ({ k: n % 10 }) }), { uid: 'in' })
    .keyBy('k').count({ uid: 'count' }).to(sink.collect(), { uid: 'out' })`,
    )
    const jobId = await submit(path, 3, {})
    const totals = new Map<number, number>()
    let results = 0
    const reading = (async () => {
      for await (const { records } of cluster.client.results(jobId)) {
        for (const record of records as { k: number; count: number }[]) {
          results++
          totals.set(record.k, Math.max(totals.get(record.k) ?? 0, record.count))
        }
      }
    })()
    await cluster.untilJob('a running job', jobId, ({ status }) => status.state === 'running' || status.terminal)
    const ports = [Number(cluster.address.split(':')[1]), ...listeningPorts(cluster.pids)]
    expect(new Set(ports).size).toBeGreaterThanOrEqual(5)
    const greeting = Buffer.from('4d524458010003000000', 'hex')
    const inputs = [
      Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
      Buffer.from('1603010200010001fc0303', 'hex'),
      Buffer.alloc(100_000, 0xff),
      Buffer.alloc(64),
      greeting,
      Buffer.concat([Buffer.from('4d5244580100ffff', 'hex'), Buffer.alloc(65_535, 0xff)]),
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.alloc(5000, 0xee)]),
      Buffer.alloc(0),
    ]
    await Promise.all(ports.flatMap((port) => inputs.map((input) => throwAt(port, input))))
    await reading
    const { status, failures } = await cluster.client.info(jobId)
    expect({ state: status.state, attempt: status.attempt, failures }).toEqual({
      state: 'finished',
      attempt: 1,
      failures: [],
    })
    expect(results).toBe(6000)
    expect([...totals.values()]).toEqual(Array.from({ length: 10 }, () => 600))
  })
})

/** Sends, reads what comes, and is gone after a moment at the latest. */
function throwAt(port: number, bytes: Buffer): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setTimeout(300, () => socket.destroy())
    socket.on('data', () => undefined)
    socket.on('error', () => undefined)
    socket.on('close', () => resolve())
  })
}

/** TCP ports on which processes of ours listen. */
function listeningPorts(pids: readonly number[]): number[] {
  const inodes = new Set<string>()
  for (const pid of pids) {
    const links = execFileSync('ls', ['-l', `/proc/${pid}/fd`], { encoding: 'utf8' })
    for (const [, inode = ''] of links.matchAll(/socket:\[(\d+)\]/g)) inodes.add(inode)
  }
  return readFileSync('/proc/net/tcp', 'utf8')
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
    .filter((cells) => cells[3] === '0A' && inodes.has(cells[9] ?? ''))
    .map((cells) => Number.parseInt(cells[1]?.split(':')[1] ?? '', 16))
}

describe('a disk without room', () => {
  it('fails checkpoints with the reason; the job goes on, and checkpoints come again when there is room', async () => {
    const path = job(
      'no-room',
      `  env.from(source.generator({ rate: 1000, create: (n) => ({ k: n % 10 }) }), { uid: 'in' })
    .keyBy('k').count({ uid: 'count' }).to(sink.discard(), { uid: 'out' })`,
    )
    const jobId = await submit(path, 2, {
      'execution.checkpointing.interval': '100ms',
      'execution.checkpointing.dir': `file://${join(room.path, 'checkpoints')}`,
      'execution.checkpointing.tolerable-failed-checkpoints': '1000',
    })
    const info = () => cluster.client.info(jobId)
    const newest = async (state: string, after: number) =>
      cluster.until(`a checkpoint that is ${state}`, async () =>
        (await info()).checkpoints.find((each) => each.state === state && each.checkpointId > after),
      )
    const before = await newest('completed', 0)
    room.fill()
    const failed = await newest('failed', before.checkpointId)
    expect(failed.reason).toMatch(room.refuses)
    room.free()
    await newest('completed', failed.checkpointId)
    const { status, failures } = await info()
    expect({ state: status.state, attempt: status.attempt, failures }).toEqual({
      state: 'running',
      attempt: 1,
      failures: [],
    })
    await cluster.client.cancel(jobId)
    await cluster.until('the end', async () => (await info()).status.terminal)
  })

  it('fails a sink with path and reason, and when there is room each record is there once', async () => {
    const output = join(room.path, 'out')
    const path = job(
      'full-sink',
      `  env.from(source.generator({ rate: 2000, create: (n) => ({ n, text: 'x'.repeat(20) }) }), { uid: 'in' })
    .to(sink.files({ path: ${JSON.stringify(output)}, format: 'ndjson' }), { uid: 'out' })`,
    )
    const jobId = await submit(path, 1, {
      'execution.checkpointing.interval': '200ms',
      'restart-strategy.type': 'fixed-delay',
      'restart-strategy.fixed-delay.delay': '200ms',
      'restart-strategy.fixed-delay.attempts': '1000',
    })
    const info = () => cluster.client.info(jobId)
    await cluster.until('a checkpoint', async () =>
      (await info()).checkpoints.some((each) => each.state === 'completed'),
    )
    room.fill()
    const failure = await cluster.until('a failure', async () => (await info()).failures[0])
    expect(failure.message).toMatch(room.refuses)
    room.free()
    await cluster.until('checkpoints again', async () => {
      const { status, checkpoints } = await info()
      const complete = checkpoints.some((each) => each.state === 'completed' && each.triggeredMs >= status.stateSinceMs)
      return status.state === 'running' && complete
    })
    await cluster.client.stop(jobId)
    const numbers = readdirSync(output)
      .filter((name) => !name.startsWith('.'))
      .flatMap((name) => readFileSync(join(output, name), 'utf8').trimEnd().split('\n'))
      .map((line) => (JSON.parse(line) as { n: number }).n)
      .sort((a, b) => a - b)
    expect(numbers.length).toBeGreaterThan(100)
    expect(numbers).toEqual(numbers.map((_, n) => n))
  })
})

describe('a signal', () => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    it(`${signal} ends a JobManager and a TaskManager in order`, async () => {
      const start = (...more: string[]) =>
        startCli(directory, 'start', ...more, '-D', 'taskmanager.memory.network.size=8mb')
      const jobManager = start('--role', 'jobmanager', '-D', 'jobmanager.rpc.port=0')
      await jobManager.shows(/JobManager at/)
      const taskManager = start('--role', 'taskmanager', '-m', cluster.address, '-D', 'taskmanager.resource-id=extra')
      await taskManager.shows(/TaskManager extra/)
      jobManager.child.kill(signal)
      taskManager.child.kill(signal)
      expect(await jobManager.ended).toMatchObject({ code: 0, notes: expect.stringContaining(`stops (${signal})`) })
      expect(await taskManager.ended).toMatchObject({ code: 0, notes: expect.stringContaining(`stops (${signal})`) })
    })

    it(`${signal} ends run, not the job, and ends dev with its job`, async () => {
      const path = job(
        `ticks-${signal}`,
        `  env.from(source.generator({ rate: 100, create: (n) => ({ n }) }), { uid: 'in' }).to(sink.print(), { uid: 'out' })`,
      )
      const run = startCli(directory, 'run', path, '-m', cluster.address)
      await run.shows(/"n":/)
      run.child.kill(signal)
      expect(await run.ended).toMatchObject({ code: 6, notes: expect.stringContaining('goes on. Follow it with') })
      expect((await cluster.client.info(`ticks-${signal}`)).status.state).toBe('running')
      const canceled = await runCliProcess(directory, 'cancel', `ticks-${signal}`, '-m', cluster.address)
      expect(canceled.code).toBe(0)

      const dev = startCli(directory, 'dev', path, '--port', '0')
      await dev.shows(/"n":/)
      dev.child.kill(signal)
      expect((await dev.ended).code).toBe(0)
      expect(readdirSync(join(directory, '.millrace', 'dev'))).toEqual([])
    })
  }
})
