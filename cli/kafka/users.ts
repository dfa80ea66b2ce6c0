/**
 * `millrace users …`: users that log in by SCRAM, kept by the brokers. A password is read from standard input or a file, so that it
 * stands in no list of processes; what leaves here is salted, never the password.
 */
import { randomBytes } from 'node:crypto'
import { codeOf, expectNone } from '../../connectors/kafka/client/errors.ts'
import type { KafkaCluster } from '../../connectors/kafka/client/index.ts'
import type { RequestOf } from '../../proto/kafka/apis.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { type ScramMechanism, saltPassword, scramMechanismId } from '../../proto/kafka/sasl/scram.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Terminal, table } from '../terminal.ts'
import { brokerCode, type KafkaFlags, readFile, withKafka } from './connect.ts'

export interface UserFlags extends KafkaFlags {
  /** Default: both. */
  readonly mechanism?: readonly ScramMechanism[]
  readonly iterations?: number
  readonly passwordFile?: string
}

const saltBytes = 24
const defaultIterations = 8192
const both: readonly ScramMechanism[] = ['SCRAM-SHA-256', 'SCRAM-SHA-512']

export async function listUsers(terminal: Terminal, flags: KafkaFlags): Promise<ExitCode> {
  return withKafka(flags, async ({ cluster }) => {
    const answer = await cluster.retrying(async () =>
      (await cluster.anyBroker()).request('DescribeUserScramCredentials', { users: null }),
    )
    expectNone(answer.errorCode, 'the users', answer.errorMessage)
    const users = answer.results.map(({ user, credentialInfos }) => ({
      user,
      mechanisms: credentialInfos.map(({ mechanism, iterations }) => ({ mechanism: nameOf(mechanism), iterations })),
    }))
    users.sort((a, b) => (a.user < b.user ? -1 : 1))
    if (terminal.json) {
      terminal.out(JSON.stringify(users))
      return exitCodes.ok
    }
    if (users.length === 0) terminal.note('no users')
    const rows = users.flatMap(({ user, mechanisms }) =>
      mechanisms.map(({ mechanism, iterations }) => [user, mechanism, String(iterations)]),
    )
    if (rows.length > 0) for (const line of table(['USER', 'MECHANISM', 'ITERATIONS'], rows)) terminal.out(line)
    return exitCodes.ok
  })
}

/** Makes a user, or gives one a new password. */
export async function addUser(terminal: Terminal, name: string, flags: UserFlags): Promise<ExitCode> {
  const { mechanism: mechanisms = both, iterations = defaultIterations } = flags
  const password = await passwordOf(terminal, flags)
  const upsertions = mechanisms.map((mechanism) => {
    const salt = randomBytes(saltBytes)
    const saltedPassword = saltPassword(mechanism, password, salt, iterations)
    return { name, mechanism: scramMechanismId[mechanism], iterations, salt, saltedPassword }
  })
  return withKafka(flags, async ({ cluster }) => {
    await alter(cluster, { deletions: [], upsertions })
    if (terminal.json) terminal.out(JSON.stringify({ user: name, mechanisms }))
    else terminal.out(`${name} may log in by ${mechanisms.join(' and ')}`)
    return exitCodes.ok
  })
}

export async function deleteUser(terminal: Terminal, name: string, flags: UserFlags): Promise<ExitCode> {
  return withKafka(flags, async ({ cluster }) => {
    const described = await cluster.retrying(async () =>
      (await cluster.anyBroker()).request('DescribeUserScramCredentials', { users: [{ name }] }),
    )
    expectNone(described.errorCode, `the user ${name}`, described.errorMessage)
    const known = described.results[0]?.credentialInfos.map(({ mechanism }) => mechanism) ?? []
    const wanted = flags.mechanism?.map((each) => scramMechanismId[each]) ?? known
    if (known.length === 0 || wanted.some((each) => !known.includes(each))) {
      throw cliErrors.create('NO_SUCH_USER', { user: name })
    }
    try {
      await alter(cluster, { deletions: wanted.map((mechanism) => ({ name, mechanism })), upsertions: [] })
    } catch (cause) {
      if (brokerCode(cause) !== kafkaError.RESOURCE_NOT_FOUND) throw cause
      throw cliErrors.create('NO_SUCH_USER', { user: name }, { cause })
    }
    if (terminal.json) terminal.out(JSON.stringify({ user: name, deleted: wanted.map(nameOf) }))
    else terminal.out(`${name} deleted`)
    return exitCodes.ok
  })
}

async function alter(cluster: KafkaCluster, request: RequestOf<'AlterUserScramCredentials'>): Promise<void> {
  await cluster.retrying(
    async () => {
      const connection = await cluster.controller()
      const { results } = await connection.request('AlterUserScramCredentials', request)
      for (const { user, errorCode, errorMessage } of results) {
        if (errorCode === kafkaError.NOT_CONTROLLER) await cluster.listTopics()
        expectNone(errorCode, `the user ${user}`, errorMessage)
      }
    },
    (error) => codeOf(error) === undefined || codeOf(error) === kafkaError.NOT_CONTROLLER,
  )
}

async function passwordOf(terminal: Terminal, { passwordFile }: UserFlags): Promise<string> {
  let text = ''
  if (passwordFile !== undefined) text = readFile(passwordFile).toString()
  else {
    if (terminal.typed) terminal.note('password, in one line:')
    // A letter of several bytes may come in two chunks.
    const decoder = new TextDecoder()
    for await (const chunk of terminal.input()) {
      text += decoder.decode(chunk, { stream: true })
      if (text.includes('\n')) break
    }
  }
  const [line = ''] = text.split(/\r?\n/)
  if (line === '')
    throw cliErrors.create('BAD_ARGUMENT', {
      problem: 'no password: give one line on standard input, or --password-file',
    })
  return line
}

const nameOf = (mechanism: number): string =>
  both.find((each) => scramMechanismId[each] === mechanism) ?? `mechanism ${mechanism}`
