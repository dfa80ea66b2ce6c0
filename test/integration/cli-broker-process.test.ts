/** A broker as a process: what it says when it starts, how it refuses to, who is let in; and the broker inside of `dev`. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type CliProcess, runCliProcess, startCli } from '../support/cli-process.ts'

const tls = (name: string): string => fileURLToPath(new URL(`../support/tls/${name}.pem`, import.meta.url))

let directory: string
const started: CliProcess[] = []
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'millrace-cli-broker-'))
})
afterEach(async () => {
  for (const { child, ended } of started.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
  rmSync(directory, { recursive: true, force: true })
})

interface Running {
  readonly process: CliProcess
  readonly address: string
}

async function startBroker(...flags: string[]): Promise<Running> {
  const process = startCli(directory, 'start', '--role', 'broker', '--listen', '127.0.0.1:0', ...flags)
  started.push(process)
  let text = ''
  process.child.stdout?.on('data', (data: Buffer) => {
    text += data.toString()
  })
  await process.shows(/^broker at 127\.0\.0\.1:\d+$/m)
  return { process, address: /^broker at (.*)$/m.exec(text)?.[1] as string }
}

const run = (...argv: string[]) => runCliProcess(directory, ...argv)

describe('start --role broker', () => {
  it('says in one line when it takes requests, and ends cleanly at SIGTERM', async () => {
    const { process, address } = await startBroker('--data', 'log')
    expect((await run('topic', 'create', 'kept', '-b', address)).code).toBe(0)
    process.child.kill('SIGTERM')
    const { code, notes } = await process.ended
    expect(code).toBe(0)
    expect(notes).toMatch(/^broker stops \(SIGTERM\)$/m)
    const again = await startBroker('--data', 'log')
    expect((await run('topic', 'list', '-b', again.address)).out).toContain('kept')
    expect((await run('broker', 'verify', 'log')).code).toBe(0)
  })

  it('says why it does not start', async () => {
    const { address } = await startBroker('--data', 'log')
    const refused = async (...flags: string[]) => {
      const { code, notes } = await run('start', '--role', 'broker', ...flags)
      return `${code} ${notes.split('\n')[0]}`
    }
    writeFileSync(join(directory, 'file'), 'not a certificate')
    const free = '127.0.0.1:0'
    expect(await refused('--listen', address, '--data', 'other')).toMatch(/^5 .*something else listens there/)
    expect(await refused('--listen', free, '--data', 'log')).toMatch(/^5 .*another broker uses log/)
    expect(await refused('--listen', free, '--data', 'other', '-D', 'broker.cluster-id=x')).toMatch(
      /^5 .*belongs to the cluster/,
    )
    expect(await refused('--listen', free, '--data', 'file')).toMatch(/^1 .*cannot be used as the data directory/)
    expect(await refused('--listen', '0.0.0.0:0', '--data', 'other')).toMatch(/^2 .*not on a loopback address/)
    expect(await refused('--listen', 'here', '--data', 'other')).toMatch(/^2 .*is not a listener/)
    expect(await refused('--listen', free, '--tls-cert', 'nope', '--tls-key', 'nope')).toMatch(
      /^2 .*cannot use nope for TLS/,
    )
    expect(await refused('--listen', free, '--users-file', 'nope')).toMatch(/^2 .*users of nope/)
    expect(await refused('--listen', free, '--sasl-mechanisms', 'GSSAPI')).toMatch(/^2 .*GSSAPI/)
    expect(await refused('--authorizer', 'acls')).toMatch(/^2 .*Allowed choices are none, acl/)
    expect(await refused('--listn', free)).toMatch(/^2 .*unknown option/)
    const meta = join(directory, 'other', 'meta.properties')
    writeFileSync(meta, readFileSync(meta, 'utf8').replace(/^millrace.format=.*$/m, 'millrace.format=99'))
    expect(await refused('--listen', free, '--data', 'other')).toMatch(/^5 .*written in format 99/)
  })

  it('lets in who has a password, over TLS, and lets them do what they may', async () => {
    writeFileSync(join(directory, 'users'), 'admin=secret\nreader=word\n')
    const { address } = await startBroker(
      ...['--data', 'log', '--tls-cert', tls('server'), '--tls-key', tls('server.key'), '--users-file', 'users'],
      ...['--authorizer', 'acl', '--super-users', 'User:admin'],
    )
    const at = ['-b', address, '--tls-ca', tls('ca')]
    const made = await run('topic', 'create', 'x', ...at, '--user', 'admin:secret')
    expect(made.notes).toBe('')
    expect(made.code).toBe(0)
    const wrong = await run('topic', 'list', ...at, '--user', 'admin:wrong')
    expect(wrong).toMatchObject({ code: 1, notes: expect.stringContaining('KAFKA_AUTHENTICATION') })
    expect(await run('topic', 'list', ...at, '--user', 'admin')).toMatchObject({
      code: 2,
      notes: expect.stringContaining('no password'),
    })
    const reader = await run('topic', 'create', 'y', ...at, '--user', 'reader:word', '--sasl-mechanism', 'plain')
    expect(reader).toMatchObject({ code: 1, notes: expect.stringContaining('AUTHORIZATION_FAILED') })
    writeFileSync(
      join(directory, 'millrace.yaml'),
      `kafka.brokers: ${address}\nkafka.tls.ca: ${tls('ca')}\nkafka.sasl.username: admin\nkafka.sasl.password: secret\n`,
    )
    expect((await run('topic', 'list')).out).toContain('x')
  })
})

describe('dev', () => {
  const copy = `import { defineJob, sink, source, t } from 'millrace'
    const Word = t.object({ word: t.string() })
    export default defineJob('copy', (env) => {
      env.from(source.kafka({ topic: 'in', value: Word }), { uid: 'in' })
        .to(sink.kafka({ topic: 'out', createTopic: { partitions: 1 }, delivery: 'at-least-once' }), { uid: 'out' })
    })`

  it('has a broker that jobs and verbs in the same folder use, and that keeps its log', async () => {
    writeFileSync(join(directory, 'job.ts'), copy)
    const dev = startCli(directory, 'dev', 'job.ts', '--port', '0', '--broker-port', '0')
    started.push(dev)
    await dev.shows(/Kafka {2}127\.0\.0\.1:\d+/)
    expect((await run('topic', 'create', 'in')).notes).toBe('')
    writeFileSync(join(directory, 'lines'), '{"word":"hello"}\n')
    await run('produce', 'in', '-i', 'lines')
    await dev.shows(/Job copy {2}RUNNING/)
    const consumed = startCli(directory, 'consume', 'out', '--follow')
    started.push(consumed)
    await consumed.shows(/\{"word":"hello"\}/)
    dev.child.kill('SIGTERM')
    expect((await dev.ended).code).toBe(0)
    expect((await run('broker', 'verify', '.millrace/broker', '--json')).out).toContain('"ok":true')
  })
})
