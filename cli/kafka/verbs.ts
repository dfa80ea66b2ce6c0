/** The grammar of the verbs about the log: topics, records, groups, access, transactions, brokers. What they do stands beside. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import type { ExitCode } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'

type Action = (terminal: Terminal, args: readonly (string | undefined)[], flags: never) => Promise<ExitCode>
type Verb = (parent: Command, usage: string, summary: string, action: Action) => Command
/** A verb that has verbs. */
type Group = (name: string, summary: string) => Command

export function defineLogVerbs(program: Command, verb: Verb, group: Group): void {
  const topic = group('topic', 'create, list, describe, alter and delete topics')
  defineTopicVerbs(topic, verb)
  defineProduce(program, verb)
  defineConsume(program, verb)
  defineGroupVerbs(group('groups', 'consumer groups, their lag and their offsets'), verb)
  defineAclVerbs(group('acls', 'who may do what'), verb)
  defineUserVerbs(group('users', 'users that log in by SCRAM'), verb)
  defineQuotaVerbs(group('quotas', 'what users, clients and addresses may use per second'), verb)
  defineTransactionVerbs(group('transactions', 'those that are open, and the end of one that nobody ends'), verb)
  defineBrokerVerbs(group('broker', 'look at a broker, and at the files of its log'), verb)
}

function defineTopicVerbs(topic: Command, verb: Verb): void {
  const load = () => import('./topics.ts')
  client(
    verb(topic, 'create <name>', 'make a topic', async (t, [name], flags) =>
      (await load()).createTopic(t, name as string, flags),
    ),
  )
    .option('-p, --partitions <number>', 'how many (default: what the broker says)', (value) =>
      whole(value, 1, 100_000),
    )
    .option('-r, --replication-factor <number>', 'copies, for clusters that keep several', (value) =>
      whole(value, 1, 100),
    )
    .option('--set <name=value>', 'a setting of the topic; may be repeated', collect)
    .option('--if-not-exists', 'a topic that is there is no error')
  client(verb(topic, 'list', 'list the topics', async (t, _, flags) => (await load()).listTopics(t, flags))).option(
    '--internal',
    'also topics of the broker itself',
  )
  client(
    verb(topic, 'describe <name>', 'partitions, offsets, sizes and settings of a topic', async (t, [name], flags) =>
      (await import('./describe-topic.ts')).describeTopic(t, name as string, flags),
    ),
  )
  client(
    verb(topic, 'alter <name>', 'change settings of a topic, or add partitions', async (t, [name], flags) =>
      (await load()).alterTopic(t, name as string, flags),
    ),
  )
    .option('-p, --partitions <number>', 'how many there shall be', (value) => whole(value, 1, 100_000))
    .option('--set <name=value>', 'a setting; may be repeated', collect)
    .option('--unset <name>', 'give a setting its default back; may be repeated', collect)
  client(
    verb(topic, 'delete <name>', 'delete a topic and its records', async (t, [name], flags) =>
      (await load()).deleteTopic(t, name as string, flags),
    ),
  ).option('--if-exists', 'a topic that is not there is no error')
  client(
    verb(topic, 'delete-records <name>', 'give up the first records of a topic, for good', async (t, [name], flags) =>
      (await load()).deleteRecords(t, name as string, flags),
    ),
  )
    .requiredOption('--before <place>', 'an offset, latest, -count, time or age: what lies before it goes')
    .option('-p, --partition <number>', 'only this one; may be repeated', (value, before?: number[]) => [
      ...(before ?? []),
      whole(value, 0, 1e6),
    ])
}

function defineAclVerbs(acls: Command, verb: Verb): void {
  const load = () => import('./acls.ts')
  const resources = (command: Command): Command =>
    client(command)
      .option('--topic <name>', 'this topic, * for all; may be repeated', collect)
      .option('--group <name>', 'this consumer group; may be repeated', collect)
      .option('--transactional-id <id>', 'this transactional id; may be repeated', collect)
      .option('--cluster', 'the cluster itself')
      .option('--host <address>', 'only from this address')
  resources(
    verb(acls, 'list', 'entries, all or those that concern a resource', async (t, _, flags) =>
      (await load()).listAcls(t, flags),
    ),
  ).option('--principal <name>', 'only of this user: alice, or User:alice')
  const entries = (command: Command): Command =>
    resources(command)
      .option('--prefix', 'names are beginnings of names')
      .option('--deny', 'forbid; that wins over whatever allows')
      .addHelpText(
        'after',
        '\nOperations, with commas: read, write, create, delete, alter, describe, cluster-action, describe-configs,\nalter-configs, idempotent-write, two-phase-commit, all. A principal is alice, User:alice, or User:* for everybody.',
      )
  entries(
    verb(acls, 'add <principal> <operations>', 'let a user do something', async (t, [who, what], flags) =>
      (await load()).addAcls(t, who as string, what as string, flags),
    ),
  )
  entries(
    verb(acls, 'remove <principal> <operations>', 'take entries away again', async (t, [who, what], flags) =>
      (await load()).removeAcls(t, who as string, what as string, flags),
    ),
  )
}

function defineUserVerbs(users: Command, verb: Verb): void {
  const load = () => import('./users.ts')
  const mechanism = (command: Command): Command =>
    client(command).addOption(
      new Option('--mechanism <name>', 'only this one; may be repeated (default: both)')
        .choices(['SCRAM-SHA-256', 'SCRAM-SHA-512'])
        .argParser<string[]>((value, before) => {
          const name = value.toUpperCase()
          if (name === 'SCRAM-SHA-256' || name === 'SCRAM-SHA-512') return [...(before ?? []), name]
          throw new InvalidArgumentError('Allowed choices are SCRAM-SHA-256, SCRAM-SHA-512.')
        }),
    )
  client(
    verb(users, 'list', 'the users and their mechanisms', async (t, _, flags) => (await load()).listUsers(t, flags)),
  )
  mechanism(
    verb(users, 'add <name>', 'make a user, or give one another password', async (t, [name], flags) =>
      (await load()).addUser(t, name as string, flags),
    ),
  )
    .option('--password-file <file>', 'its first line (default: of standard input)')
    .option('--iterations <number>', 'from 4096 to 16384 (default 8192)', (value) => whole(value, 4096, 16_384))
  mechanism(
    verb(users, 'delete <name>', 'take the credentials of a user away', async (t, [name], flags) =>
      (await load()).deleteUser(t, name as string, flags),
    ),
  )
}

function defineQuotaVerbs(quotas: Command, verb: Verb): void {
  const load = () => import('./quotas.ts')
  const entity = (command: Command): Command =>
    client(command)
      .option('--principal <name>', 'of this user: alice, or User:alice; * for all that have none of their own')
      .option('--client <id>', 'of this client id; * for all that have none of their own')
      .option('--address <ip>', 'of this address; * for all that have none of their own')
  client(verb(quotas, 'list', 'the quotas', async (t, _, flags) => (await load()).listQuotas(t, flags)))
  entity(verb(quotas, 'set', 'set or change quotas', async (t, _, flags) => (await load()).setQuotas(t, flags)))
    .option('--produce <size>', 'bytes per second that are produced, or none')
    .option('--consume <size>', 'bytes per second that are fetched, or none')
    .option('--requests <percent>', "of the broker's thread, or none")
    .option('--connections <number>', 'that an address opens per second, or none')
  entity(verb(quotas, 'delete', 'take quotas away', async (t, _, flags) => (await load()).deleteQuotas(t, flags)))
}

function defineProduce(program: Command, verb: Verb): void {
  client(
    verb(program, 'produce <topic>', 'write lines of standard input to a topic', async (t, [topic], flags) =>
      (await import('./produce.ts')).produce(t, topic as string, flags),
    ),
  )
    .option('-i, --input <file>', 'read this file instead; may be repeated, - is standard input', collect)
    .addOption(
      new Option('-f, --format <format>', 'what a line is; record: as consume --json writes it')
        .choices(['string', 'json', 'bytes', 'record'])
        .default('string'),
    )
    .option('-k, --key-separator <text>', 'a line is key, this, value')
    .option('--key <text>', 'key of every record')
    .option('-H, --header <name=value>', 'header of every record; may be repeated', collect)
    .option('--empty-as-null', 'an empty value is null, which deletes its key in a compacted topic')
    .option('-p, --partition <number>', 'partition (default: by the key, as Java does)', (value) =>
      whole(value, 0, 1e6),
    )
    .addOption(
      new Option('-z, --compression <codec>', 'of batches')
        .choices(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
        .default('none'),
    )
    .addOption(
      new Option('--acks <which>', 'who has to have a record').choices(['all', 'leader', 'none']).default('all'),
    )
    .option('--transactional-id <id>', 'all of it in one transaction: everything or nothing')
    .addHelpText('after', '\nBytes are written as base64.')
}

function defineConsume(program: Command, verb: Verb): void {
  client(
    verb(program, 'consume <topic>', 'print the records of a topic', async (t, [topic], flags) =>
      (await import('./consume.ts')).consume(t, topic as string, flags),
    ),
  )
    .option(
      '--from <place>',
      'earliest, latest, offset, -count, time or age (default earliest; in a --group where it has committed nothing)',
    )
    .option('-F, --follow', 'go on at the end: wait for what comes')
    .option('-n, --max <number>', 'end after so many records', (value) => whole(value, 1, Number.MAX_SAFE_INTEGER))
    .option('-p, --partition <number>', 'only this one; may be repeated', (value, before?: number[]) => [
      ...(before ?? []),
      whole(value, 0, 1e6),
    ])
    .option(
      '-g, --group <name>',
      'join this group: share the partitions with its members, begin where it is, commit what was printed',
    )
    .option(
      '--instance <name>',
      'of a group: a static member, whose place the next of this name takes within 30 s, without a rebalance',
    )
    .addOption(
      new Option('--isolation <level>', 'whether records of open and aborted transactions are shown')
        .choices(['read_committed', 'read_uncommitted'])
        .default('read_committed'),
    )
    .addOption(new Option('-f, --format <format>', 'of values').choices(['string', 'json', 'bytes']).default('string'))
    .option('-k, --key-separator <text>', 'print the key and this in front of the value')
    .option('--headers', 'print headers')
    .option('--offsets', 'print partition and offset')
    .option('--timestamps', 'print times')
    .addHelpText('after', '\nBytes are printed as base64. With --json a line is a record with everything.')
}

function defineGroupVerbs(groups: Command, verb: Verb): void {
  const load = () => import('./groups.ts')
  client(verb(groups, 'list', 'list the groups', async (t, _, flags) => (await load()).listGroups(t, flags)))
  client(
    verb(groups, 'describe <group>', 'members, offsets and lag of a group', async (t, [name], flags) =>
      (await load()).describeGroup(t, name as string, flags),
    ),
  )
  client(
    verb(
      groups,
      'reset-offsets <group>',
      'let a group without members go on elsewhere',
      async (t, [name], flags: { readonly toTime?: string }) => {
        const { parseTime } = await import('./when.ts')
        const { toTime, ...rest } = flags
        const time = toTime === undefined ? {} : { toTime: parseTime(toTime, t.clock.now(), '--to-time') }
        return (await load()).resetOffsets(t, name as string, { ...rest, ...time })
      },
    ),
  )
    .option(
      '--topic <name[:partitions]>',
      'only this one, orders:0,2; may be repeated (default: all that it has)',
      collect,
    )
    .option('--to-earliest', 'to the first record')
    .option('--to-latest', 'to the end')
    .option('--to-offset <number>', 'to this offset', (value) => whole(value, 0, Number.MAX_SAFE_INTEGER))
    .option('--to-time <time>', 'to the first record not before a time, or of an age: 2026-11-21T08:00:00Z, 15m')
    .option('--shift-by <number>', 'so many forward, or back with a minus', signed)
    .option('--dry-run', 'only show what would be done')
  client(
    verb(groups, 'delete <group>', 'delete a group without members, and its offsets', async (t, [name], flags) =>
      (await load()).deleteGroup(t, name as string, flags),
    ),
  )
}

function defineTransactionVerbs(transactions: Command, verb: Verb): void {
  const load = () => import('./transactions.ts')
  client(
    verb(transactions, 'list', 'open transactions, the oldest first', async (t, _, flags) =>
      (await load()).showTransactions(t, flags),
    ),
  ).option('--all', 'also ids that have none open')
  client(
    verb(
      transactions,
      'abort <transactional-id>',
      'abort what is open and shut its producer out, for good',
      async (t, [id], flags) => (await load()).endTransaction(t, id as string, flags),
    ),
  )
}

function defineBrokerVerbs(broker: Command, verb: Verb): void {
  const load = () => import('./broker.ts')
  client(verb(broker, 'status', 'what the brokers hold', async (t, _, flags) => (await load()).brokerStatus(t, flags)))
  verb(
    broker,
    'dump-log <file>',
    'batches and records of a segment or a partition, or the entries of one of their indexes',
    async (t, [file], flags) => (await load()).dumpLog(t, file as string, flags),
  ).option('--no-records', 'batches only')
  verb(broker, 'verify <directory>', 'check every checksum, offset and index of a data directory', async (t, [path]) =>
    (await load()).verifyLogs(t, path as string),
  )
  verb(
    broker,
    'repair <directory>',
    'make damaged indexes and snapshots of a data directory anew; the broker must not run',
    async (t, [path]) => (await load()).repairLogs(t, path as string),
  )
}

const client = (command: Command): Command =>
  command
    .option('-b, --bootstrap <host:port>', 'brokers, with commas (default: kafka.brokers, a dev here, 127.0.0.1:9092)')
    .option('--config <file>', 'configuration file (default: millrace.yaml, if there is one)')
    .option('--tls', 'talk TLS, with the well-known certificates')
    .option('--tls-ca <file>', 'talk TLS with a broker whose certificate these sign')
    .option('--tls-cert <file>', 'certificate of this client')
    .option('--tls-key <file>', 'its private key')
    .option('--user <name:password>', 'log in; the password better in MILLRACE_KAFKA_SASL_PASSWORD')
    .option('--sasl-mechanism <name>', 'PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512 (default)')
    .option('-D, --define <key=value>', 'set an option; may be repeated', collect)

const collect = (value: string, before?: string[]): string[] => [...(before ?? []), value]

function signed(value: string): number {
  if (!/^[+-]?\d+$/.test(value)) throw new InvalidArgumentError('expected a whole number, with a minus to go back')
  return Number(value)
}

function whole(value: string, min: number, max: number): number {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number < min || number > max) {
    const range = max === Number.MAX_SAFE_INTEGER ? `from ${min} on` : `from ${min} to ${max}`
    throw new InvalidArgumentError(`expected a whole number ${range}`)
  }
  return number
}
