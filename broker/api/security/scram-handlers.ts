/**
 * DescribeUserScramCredentials and AlterUserScramCredentials (KIP-554). Changes are records of the metadata log: a user
 * authenticates with them once they are durable. Salts and keys are never told.
 */
import { kafkaError } from '../../../proto/kafka/error-codes.ts'
import type {
  AlterUserScramCredentialsRequest,
  AlterUserScramCredentialsResponse,
} from '../../../proto/kafka/messages/alter-user-scram-credentials.ts'
import type {
  DescribeUserScramCredentialsRequest,
  DescribeUserScramCredentialsResponse,
} from '../../../proto/kafka/messages/describe-user-scram-credentials.ts'
import {
  type ScramMechanism,
  scramCredential,
  scramIterationsMax,
  scramIterationsMin,
  scramMechanismId,
} from '../../../proto/kafka/sasl/scram.ts'
import type { MetadataImage } from '../../metadata/image.ts'
import type { MetadataLog } from '../../metadata/metadata-log.ts'
import type { MetadataRecord } from '../../metadata/records.ts'
import { aclOperation, clusterResource, type HandlerTable, handlerEntry, resourceType } from '../handler.ts'

/** SCRAM users that are kept: each is asked for at every authentication. */
const usersMax = 100_000

interface Refusal {
  readonly errorCode: number
  readonly errorMessage: string
}

export function createScramHandlers(metadata: MetadataLog): HandlerTable {
  return {
    DescribeUserScramCredentials: handlerEntry<
      DescribeUserScramCredentialsRequest,
      DescribeUserScramCredentialsResponse
    >({
      minVersion: 0,
      maxVersion: 0,
      handle({ users }, context) {
        if (!context.authorize(aclOperation.DESCRIBE, resourceType.CLUSTER, clusterResource))
          return { throttleTimeMs: 0, ...notAllowed, results: [] }
        const byUser = new Map<string, { mechanism: number; iterations: number }[]>()
        for (const { user, mechanism, iterations } of metadata.image.scramCredentials) {
          const infos = byUser.get(user)
          if (infos === undefined) byUser.set(user, [{ mechanism, iterations }])
          else infos.push({ mechanism, iterations })
        }
        const asked = users === null || users.length === 0 ? [...byUser.keys()] : users.map(({ name }) => name)
        const results = [...new Set(asked)].map((user) => {
          const credentialInfos = byUser.get(user) ?? []
          const twice = asked.filter((each) => each === user).length > 1
          const refusal = twice
            ? { errorCode: kafkaError.DUPLICATE_RESOURCE, errorMessage: `The user ${user} is named twice.` }
            : credentialInfos.length === 0
              ? { errorCode: kafkaError.RESOURCE_NOT_FOUND, errorMessage: `There is no SCRAM user ${user}.` }
              : { errorCode: kafkaError.NONE, errorMessage: null }
          return { user, ...refusal, credentialInfos: refusal.errorCode === kafkaError.NONE ? credentialInfos : [] }
        })
        return { throttleTimeMs: 0, errorCode: kafkaError.NONE, errorMessage: null, results }
      },
    }),
    AlterUserScramCredentials: handlerEntry<AlterUserScramCredentialsRequest, AlterUserScramCredentialsResponse>({
      minVersion: 0,
      maxVersion: 0,
      async handle(request, context) {
        const names = [...new Set([...request.deletions, ...request.upsertions].map(({ name }) => name))]
        if (!context.authorize(aclOperation.ALTER, resourceType.CLUSTER, clusterResource))
          return { throttleTimeMs: 0, results: names.map((user) => ({ user, ...notAllowed })) }
        return metadata.change((image) => {
          const decided = names.map((user) => ({ user, ...decide(image, user, request) }))
          return {
            records: decided.flatMap(({ records }) => records),
            result: {
              throttleTimeMs: 0,
              results: decided.map(({ user, errorCode, errorMessage }) => ({ user, errorCode, errorMessage })),
            },
          }
        })
      },
    }),
  }
}

const notAllowed: Refusal = {
  errorCode: kafkaError.CLUSTER_AUTHORIZATION_FAILED,
  errorMessage: 'This needs the permission to describe or alter the cluster.',
}

/** All changes of a user are made, or none. */
function decide(image: MetadataImage, user: string, request: AlterUserScramCredentialsRequest) {
  const deletions = request.deletions.filter(({ name }) => name === user)
  const upsertions = request.upsertions.filter(({ name }) => name === user)
  const mechanisms = [...deletions, ...upsertions].map(({ mechanism }) => mechanism)
  const refuse = (errorCode: number, errorMessage: string) => ({ errorCode, errorMessage, records: [] })
  if (user === '') return refuse(kafkaError.UNACCEPTABLE_CREDENTIAL, 'The name of the user is empty.')
  if (new Set(mechanisms).size < mechanisms.length)
    return refuse(kafkaError.DUPLICATE_RESOURCE, `The user ${user} is changed twice with one mechanism.`)
  const records: MetadataRecord[] = []
  for (const { mechanism } of deletions) {
    if (mechanismOf(mechanism) === undefined)
      return refuse(kafkaError.UNSUPPORTED_SASL_MECHANISM, `Mechanism ${mechanism} is not known.`)
    if (image.scram(user, mechanism) === undefined)
      return refuse(kafkaError.RESOURCE_NOT_FOUND, `There is no such credential of ${user}.`)
    records.push({ kind: 'scram-removed', user, mechanism })
  }
  for (const { mechanism, iterations, salt, saltedPassword } of upsertions) {
    const known = mechanismOf(mechanism)
    if (known === undefined)
      return refuse(kafkaError.UNSUPPORTED_SASL_MECHANISM, `Mechanism ${mechanism} is not known.`)
    if (iterations < scramIterationsMin || iterations > scramIterationsMax) {
      const bounds = `${scramIterationsMin} to ${scramIterationsMax}`
      return refuse(kafkaError.UNACCEPTABLE_CREDENTIAL, `Iterations have to be ${bounds}, not ${iterations}.`)
    }
    if (salt.length === 0 || saltedPassword.length === 0)
      return refuse(kafkaError.UNACCEPTABLE_CREDENTIAL, 'Salt or password is empty.')
    if (image.scram(user, mechanism) === undefined && image.scramCount >= usersMax)
      return refuse(kafkaError.UNACCEPTABLE_CREDENTIAL, `There are ${usersMax} credentials already.`)
    const { storedKey, serverKey } = scramCredential(known, saltedPassword, salt, iterations)
    records.push({
      kind: 'scram',
      user,
      mechanism,
      iterations,
      salt: salt.toString('base64'),
      storedKey: storedKey.toString('base64'),
      serverKey: serverKey.toString('base64'),
    })
  }
  return { errorCode: kafkaError.NONE, errorMessage: null, records }
}

const mechanismOf = (id: number): ScramMechanism | undefined =>
  (Object.keys(scramMechanismId) as ScramMechanism[]).find((each) => scramMechanismId[each] === id)
