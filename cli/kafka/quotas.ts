/** `millrace quotas …`: what users, client ids and addresses may use per second, kept by the brokers. */
import { codeOf, expectNone } from '../../connectors/kafka/client/errors.ts'
import type { KafkaCluster } from '../../connectors/kafka/client/index.ts'
import { formatSize, parseSize } from '../../core/config/index.ts'
import type { RequestOf, ResponseOf } from '../../proto/kafka/apis.ts'
import { kafkaError } from '../../proto/kafka/error-codes.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Terminal, table } from '../terminal.ts'
import { type KafkaFlags, withKafka } from './connect.ts'

export interface QuotaFlags extends KafkaFlags {
  /** `*`: all that have none of their own. */
  readonly principal?: string
  readonly client?: string
  readonly address?: string
  /** Sizes per second, percent, or `none`. */
  readonly produce?: string
  readonly consume?: string
  readonly requests?: string
  readonly connections?: string
}

type Entity = RequestOf<'AlterClientQuotas'>['entries'][number]['entity']
type Op = RequestOf<'AlterClientQuotas'>['entries'][number]['ops'][number]
type Described = NonNullable<ResponseOf<'DescribeClientQuotas'>['entries']>

export async function listQuotas(terminal: Terminal, flags: KafkaFlags): Promise<ExitCode> {
  return withKafka(flags, async ({ cluster }) => {
    const quotas = (await describeQuotas(cluster, [])).map(({ entity, values }) => ({
      entity: Object.fromEntries(entity.map(({ entityType, entityName }) => [entityType, entityName])),
      values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    }))
    if (terminal.json) {
      terminal.out(JSON.stringify(quotas))
      return exitCodes.ok
    }
    if (quotas.length === 0) terminal.note('no quotas')
    const rows = quotas.map(({ entity, values }) => {
      const rate = (key: string): string => (values[key] === undefined ? '-' : `${formatSize(values[key])}/s`)
      const { request_percentage: share, connection_creation_rate: connections } = values
      return [
        shown(entity.user),
        shown(entity['client-id']),
        shown(entity.ip),
        rate('producer_byte_rate'),
        rate('consumer_byte_rate'),
        share === undefined ? '-' : `${share} %`,
        connections === undefined ? '-' : `${connections}/s`,
      ]
    })
    const head = ['USER', 'CLIENT', 'ADDRESS', 'PRODUCE', 'CONSUME', 'REQUESTS', 'CONNECTIONS']
    if (rows.length > 0) for (const line of table(head, rows)) terminal.out(line)
    return exitCodes.ok
  })
}

export async function setQuotas(terminal: Terminal, flags: QuotaFlags): Promise<ExitCode> {
  const entity = entityOf(flags)
  const ops = [
    op('producer_byte_rate', flags.produce, (text) => sizeOf('--produce', text)),
    op('consumer_byte_rate', flags.consume, (text) => sizeOf('--consume', text)),
    op('request_percentage', flags.requests, percentOf),
    op('connection_creation_rate', flags.connections, connectionsOf),
  ].filter((each) => each !== undefined)
  if (ops.length === 0)
    throw cliErrors.create('BAD_ARGUMENT', {
      problem: 'nothing to set: give --produce, --consume, --requests or --connections',
    })
  return withKafka(flags, async ({ cluster }) => {
    await alter(cluster, entity, ops)
    if (terminal.json)
      terminal.out(JSON.stringify(ops.map(({ key, value, remove }) => ({ key, value: remove ? null : value }))))
    else terminal.out('set')
    return exitCodes.ok
  })
}

/** Takes all quotas of an entity away. */
export async function deleteQuotas(terminal: Terminal, flags: QuotaFlags): Promise<ExitCode> {
  const entity = entityOf(flags)
  return withKafka(flags, async ({ cluster }) => {
    const [found] = await describeQuotas(cluster, entity)
    if (found === undefined) throw cliErrors.create('NO_SUCH_QUOTA', { whose: whose(entity) })
    const ops = found.values.map(({ key }) => ({ key, value: 0, remove: true }))
    await alter(cluster, entity, ops)
    if (terminal.json) terminal.out(JSON.stringify({ deleted: ops.map(({ key }) => key) }))
    else terminal.out('deleted')
    return exitCodes.ok
  })
}

/** Of exactly this entity; of all where it is empty. */
async function describeQuotas(cluster: KafkaCluster, entity: Entity): Promise<Described> {
  const components = entity.map(({ entityType, entityName }) => ({
    entityType,
    matchType: entityName === null ? 1 : 0,
    match: entityName,
  }))
  const answer = await cluster.retrying(async () =>
    (await cluster.anyBroker()).request('DescribeClientQuotas', { components, strict: entity.length > 0 }),
  )
  expectNone(answer.errorCode, 'the quotas', answer.errorMessage)
  return answer.entries ?? []
}

async function alter(cluster: KafkaCluster, entity: Entity, ops: Op[]): Promise<void> {
  await cluster.retrying(
    async () => {
      const connection = await cluster.controller()
      const { entries } = await connection.request('AlterClientQuotas', {
        entries: [{ entity, ops }],
        validateOnly: false,
      })
      for (const { errorCode, errorMessage } of entries) {
        if (errorCode === kafkaError.NOT_CONTROLLER) await cluster.listTopics()
        expectNone(errorCode, 'the quotas', errorMessage)
      }
    },
    (error) => codeOf(error) === undefined || codeOf(error) === kafkaError.NOT_CONTROLLER,
  )
}

function entityOf({ principal, client, address }: QuotaFlags): Entity {
  const name = (text: string): string | null => (text === '*' ? null : text)
  const entity = [
    ...(principal === undefined ? [] : [{ entityType: 'user', entityName: name(principal.replace(/^User:/, '')) }]),
    ...(client === undefined ? [] : [{ entityType: 'client-id', entityName: name(client) }]),
    ...(address === undefined ? [] : [{ entityType: 'ip', entityName: name(address) }]),
  ]
  if (entity.length === 0)
    throw cliErrors.create('BAD_ARGUMENT', {
      problem: 'whose quotas? Give --principal, --client or both, or --address',
    })
  return entity
}

function op(key: string, text: string | undefined, parse: (text: string) => number): Op | undefined {
  if (text === undefined) return undefined
  return text === 'none' ? { key, value: 0, remove: true } : { key, value: parse(text), remove: false }
}

function sizeOf(flag: string, text: string): number {
  try {
    return parseSize(text)
  } catch (cause) {
    const problem = `${flag} ${text}: expected bytes per second, as 500kb or 10mb, or none`
    throw cliErrors.create('BAD_ARGUMENT', { problem }, { cause })
  }
}

function percentOf(text: string): number {
  const percent = Number(text.replace(/\s*%$/, ''))
  if (percent > 0) return percent
  throw cliErrors.create('BAD_ARGUMENT', {
    problem: `--requests ${text}: expected percent of the broker's thread, or none`,
  })
}

function connectionsOf(text: string): number {
  if (/^\d+$/.test(text)) return Number(text)
  throw cliErrors.create('BAD_ARGUMENT', {
    problem: `--connections ${text}: expected a number of connections per second, or none`,
  })
}

const whose = (entity: Entity): string =>
  entity
    .map(
      ({ entityType, entityName }) =>
        `${entityName === null ? `each other ${entityType}` : `${entityType} ${entityName}`}`,
    )
    .join(' and ')

/** Undefined: of any; null: of those that have none of their own. */
const shown = (name: string | null | undefined): string => (name === undefined ? '' : (name ?? '*'))
