/**
 * What the matrix of clients covers: its features, each a case that every client runs and whose answer all clients share, and
 * where a client lacks the feature, why. The tests of a client run exactly the features that this table claims, and
 * docs/reference/kafka-clients.md is made from it:
 *
 *     node --conditions=source test/support/kafka-clients/matrix.ts
 */
import { writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

export interface Feature {
  readonly name: string
  /** As the table shows it. */
  readonly title: string
  /** The same answer from every client; see `expected`. */
  readonly answer: Readonly<Record<string, unknown>>
}

const feature = (name: string, title: string, answer: Feature['answer']): Feature => ({ name, title, answer })

/** By their numbers, as the protocol has them. */
const code = {
  offsetOutOfRange: 1,
  unknownTopic: 3,
  messageTooLarge: 10,
  invalidTopic: 17,
  topicDenied: 29,
  topicExists: 36,
  invalidConfig: 40,
  nonEmptyGroup: 68,
  fencedInstance: 82,
  producerFenced: 90,
} as const

export const features = [
  feature('codecs', 'all five codecs, produced and consumed', {
    none: 200,
    gzip: 200,
    snappy: 200,
    lz4: 200,
    zstd: 200,
  }),
  feature('records', 'headers, null keys, null values, empty ones', {
    records: [
      {
        key: 'a',
        value: 'plain',
        headers: [
          ['h', 'x'],
          ['empty', ''],
        ],
      },
      { key: null, value: 'without key', headers: [] },
      { key: 'c', value: null, headers: [] },
      { key: '', value: '', headers: [] },
    ],
  }),
  feature('null-header', 'a header without value', { headers: [['null', null]] }),
  feature('large', 'a record of 1 MB', { bytes: 999_936, same: true }),
  feature('too-large', 'a record over the limit is refused with the right error, and the next goes through', {
    code: code.messageTooLarge,
    after: ['small'],
  }),
  feature('groups', 'two members join, share, leave; nothing is left unread', {
    alone: 4,
    both: 2,
    after: 4,
    distinct: 120,
  }),
  feature('cooperative', 'cooperative rebalance: only what moves is taken away', {
    alone: 4,
    both: 2,
    revoked: 2,
    after: 4,
    distinct: 120,
  }),
  feature('static-members', 'static members come back to their partitions', { same: true }),
  feature('static-fencing', 'a second static member of the same name fences the first', { code: code.fencedInstance }),
  feature('idempotence', 'idempotent producer', { ordered: true }),
  feature('transactions', 'transactions, committed and aborted, read committed and uncommitted', {
    committed: 30,
    aborted: 0,
    all: 60,
  }),
  feature('transaction-offsets', 'offsets of a group in transactions', { offsets: [3, 3] }),
  feature('fencing', 'a zombie is fenced', { code: code.producerFenced, values: ['successor'] }),
  feature('admin-topics', 'topics and partitions', {
    again: code.topicExists,
    partitions: [3, 5],
    listed: false,
    unknown: code.unknownTopic,
    invalid: code.invalidTopic,
  }),
  feature('admin-configs', 'configs described and changed', {
    before: '1000',
    after: ['delete,compact', '604800000'],
    bad: code.invalidConfig,
  }),
  feature('admin-groups', 'groups listed, described, deleted', {
    listed: true,
    state: 'stable',
    members: 1,
    refused: code.nonEmptyGroup,
    gone: true,
  }),
  feature('admin-offsets', 'offsets by position and time', { found: [0, 10, 4] }),
  feature('group-offsets', 'offsets of groups altered', { group: 5 }),
  feature('max-timestamp', 'offset of the latest time', { found: 4 }),
  feature('delete-records', 'records deleted', { low: 4, first: '4', outside: code.offsetOutOfRange }),
  feature('acls', 'ACLs', { denied: code.topicDenied, values: ['allowed'], listed: 2, deleted: 2 }),
  feature('scram-users', 'users of SCRAM', { listed: [['SCRAM-SHA-256', 8192]], before: true, after: false }),
  feature('sasl', 'login by PLAIN and SCRAM', { right: [true, true, true], wrong: [false, false, false] }),
  feature('tls', 'TLS', { trusted: true, untrusted: false }),
  feature('restart', 'kill -9 in the middle: nothing acknowledged is lost, nothing is twice', {
    enough: true,
    missing: 0,
    duplicates: 0,
  }),
] as const satisfies readonly Feature[]

export type FeatureName = (typeof features)[number]['name']

/** A client and what it cannot do, in a few words each. */
export interface Client {
  readonly title: string
  readonly lacks: Readonly<Partial<Record<FeatureName, string>>>
}

export const clients = {
  kafkajs: {
    title: 'kafkajs 2.2.4',
    lacks: {
      cooperative: 'The client has eager rebalance only.',
      'static-members': 'The client has no static members.',
      'static-fencing': 'The client has no static members.',
      'null-header': 'The client has no headers without values.',
      'max-timestamp': 'The client has no such request.',
      'scram-users': 'The client has no such request.',
    },
  },
  platformatic: {
    title: '@platformatic/kafka 2.12.1',
    lacks: {
      'null-header': 'The client has no headers without values.',
      'static-members': 'A static member of this client leaves its group when it closes.',
      'static-fencing': 'A member of this client that is fenced joins again.',
      fencing:
        'A new producer of this client cannot take over a transactional id: it claims to be producer 0 of epoch 0.',
      'scram-users': 'The client has no such request.',
    },
  },
  'confluent-kafka': {
    title: 'confluent-kafka 2.16 (Python, librdkafka)',
    lacks: {},
  },
  kcat: {
    title: 'kcat 1.7.1 (librdkafka 2.0)',
    lacks: {
      'transaction-offsets': 'The client has no such request.',
      'admin-topics': 'The client has no such request.',
      'admin-configs': 'The client has no such request.',
      'admin-groups': 'The client has no such request.',
      'group-offsets': 'The client has no such request.',
      'max-timestamp': 'The client has no such request.',
      'delete-records': 'The client has no such request.',
      acls: 'The client has no such request.',
      'scram-users': 'The client has no such request.',
    },
  },
  'java-3.9.1': {
    title: 'Java 3.9.1',
    lacks: {},
  },
  'java-4.3.1': {
    title: 'Java 4.3.1',
    lacks: {},
  },
} as const satisfies Readonly<Record<string, Client>>

export type ClientName = keyof typeof clients

/** Why this client has no such test; undefined: it has one. */
export const lacking = (client: ClientName, name: FeatureName): string | undefined =>
  (clients[client] as Client).lacks[name]

/** docs/reference/kafka-clients.md. Pure. */
export function clientsPage(): string {
  const names = Object.keys(clients) as ClientName[]
  const notes: string[] = []
  const row = (each: Feature): string => {
    const cells = names.map((client) => {
      const why = lacking(client, each.name as FeatureName)
      if (why === undefined) return 'yes'
      if (!notes.includes(why)) notes.push(why)
      return `– (${notes.indexOf(why) + 1})`
    })
    return `| ${each.title} | ${cells.join(' | ')} |`
  }
  const rows = features.map(row)
  return `# Kafka clients

<!-- Made by test/support/kafka-clients/matrix.ts. Do not edit; run \`node --conditions=source test/support/kafka-clients/matrix.ts\`. -->

Clients that others wrote, against the broker of Millrace. Each \`yes\` is a test of the suite (\`test/integration/clients\`), with
the broker in a process of its own, and the same answer is asked of every client.

| | ${names.map((each) => clients[each].title).join(' | ')} |
| --- |${' --- |'.repeat(names.length)}
${rows.join('\n')}

${notes.map((note, index) => `${index + 1}. ${note}`).join('\n')}

Of Kafka's own command-line tools, of both releases, these run against it: ${tools.join(', ')}.

Kafka Streams 4.3.1 counts by key with \`exactly_once_v2\`, state in its changelog topic, while the broker and the application are killed with
kill -9: every key is counted 1, 2, 3, … without a gap or a repetition.
`
}

/** Kafka's tools that \`test/integration/clients/tools.test.ts\` runs, by the names of their scripts. */
export const tools = [
  'kafka-topics',
  'kafka-configs',
  'kafka-consumer-groups',
  'kafka-get-offsets',
  'kafka-delete-records',
  'kafka-transactions',
  'kafka-log-dirs',
  'kafka-acls',
  'kafka-features',
  'kafka-cluster',
  'kafka-broker-api-versions',
  'kafka-console-producer',
  'kafka-console-consumer',
  'kafka-producer-perf-test',
  'kafka-consumer-perf-test',
  'kafka-verifiable-producer',
  'kafka-verifiable-consumer',
  'TransactionalMessageCopier',
  'ClientCompatibilityTest',
] as const

export type Tool = (typeof tools)[number]

if (import.meta.main) {
  writeFileSync(fileURLToPath(new URL('../../../docs/reference/kafka-clients.md', import.meta.url)), clientsPage())
}
