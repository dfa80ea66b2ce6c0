/**
 * A broker in a process of its own, as a user starts it: on ports that stay its own over kills and restarts, without TLS and
 * authentication, with SASL, and with SASL over TLS. Ended and removed with the tests of a file.
 */
import { fileURLToPath } from 'node:url'
import { systemDisk } from '../../../core/platform/disk.ts'
import { type CliProcess, startCli } from '../cli-process.ts'
import { freePorts } from '../ports.ts'

const tls = (name: string): string => fileURLToPath(new URL(`../tls/${name}.pem`, import.meta.url))

/** Those who may log in; only what ACLs allow them is theirs. Clients that do not log in may do everything. */
export const brokerUsers = { alice: 'secret-of-alice', bob: 'secret-of-bob' } as const

export interface BrokerProcess {
  /** host:port of the listener for everybody. */
  readonly address: string
  /** host:port of SASL without TLS, and of SASL over TLS. */
  readonly saslAddress: string
  readonly secureAddress: string
  /** File of the certificate that signed the broker's. */
  readonly caFile: string
  readonly dataDirectory: string
  /** kill -9, and resolves when the process is gone. */
  kill(): Promise<void>
  /** Starts it on the same directory and ports; resolves when it takes requests. */
  start(): Promise<void>
  /** Ends it, removes the directory, and gives what it wrote to standard error. */
  close(): Promise<string>
}

/** `values`: options of the broker by key. */
export async function startBrokerProcess(values: Readonly<Record<string, string>> = {}): Promise<BrokerProcess> {
  const directory = systemDisk.makeTemporaryDirectory('/tmp/millrace-clients-')
  const users = `${directory}/users`
  systemDisk.write(
    users,
    Object.entries(brokerUsers)
      .map(([name, password]) => `${name}=${password}\n`)
      .join(''),
  )
  const [open, sasl, secure] = (await freePorts(3)).map((port) => `127.0.0.1:${port}`) as [string, string, string]
  const settings = {
    'broker.listeners': `PLAINTEXT://${open},SASL_PLAINTEXT://${sasl},SASL_SSL://${secure}`,
    'broker.data-dir': `${directory}/data`,
    'broker.group.initial.rebalance.delay': '0ms',
    'broker.group.min.session.timeout': '1s',
    'broker.sasl.users-file': users,
    'broker.authorizer': 'acl',
    'broker.super-users': 'User:ANONYMOUS',
    'broker.tls.key': tls('server.key'),
    'broker.tls.cert': tls('server'),
    ...values,
  }
  const definitions = Object.entries(settings).flatMap(([key, value]) => ['-D', `${key}=${value}`])
  let running: CliProcess
  const start = async (): Promise<void> => {
    running = startCli(directory, 'start', '--role', 'broker', '--json', ...definitions)
    await running.shows(/"role":"broker"/)
  }
  await start()
  return {
    address: open,
    saslAddress: sasl,
    secureAddress: secure,
    caFile: tls('ca'),
    dataDirectory: `${directory}/data`,
    async kill() {
      running.child.kill('SIGKILL')
      await running.ended
    },
    start,
    async close() {
      running.child.kill('SIGTERM')
      const { notes } = await running.ended
      systemDisk.remove(directory)
      return notes
    },
  }
}
