import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Metadata, status } from '@grpc/grpc-js'
import fc from 'fast-check'
import protobuf from 'protobufjs'
import { expect, test } from 'vitest'
import { protocolDigest as keptDigest } from '../../../../proto/generated/protocol.ts'
import { clientMethods, controlMethods } from '../../../../proto/generated/services.ts'
import type { FromTaskManager, ToTaskManager } from '../../../../proto/generated/shapes.ts'
import { fromServiceError, rpcErrors, toServiceError } from '../../../../proto/rpc/errors.ts'
import { packageVersion } from '../../../../proto/rpc/version.ts'
import { buildProto, nextProtocol, protocolDigest } from '../../../../scripts/build-proto.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))

test('the generated code is that of the .proto files', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-proto-'))
  try {
    for (const name of await buildProto(directory)) {
      const fresh = readFileSync(join(directory, name), 'utf8')
      const kept = readFileSync(join(root, 'proto/generated', name), 'utf8')
      expect(kept === fresh, `proto/generated/${name} is old: node scripts/build-proto.ts`).toBe(true)
    }
  } finally {
    rmSync(directory, { recursive: true })
  }
})

test('the version that processes tell each other is the package version', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }
  expect(packageVersion).toBe(version)
})

test('the protocol version rises with every change of what travels, and with nothing else', () => {
  const sources = ['client', 'control'].map((name) => readFileSync(join(root, `proto/${name}.proto`), 'utf8'))
  const digestOf = (change: (source: string) => string): string => {
    const tree = new protobuf.Root()
    for (const source of sources) protobuf.parse(change(source), tree, { alternateCommentMode: true })
    return protocolDigest(tree)
  }
  const kept = { version: 7, digest: keptDigest }
  expect(digestOf((source) => source)).toBe(keptDigest)
  const harmless = (source: string): string => source.replaceAll(/ \/\/ .*$/gm, ' // Other words.')
  expect(nextProtocol(kept, digestOf(harmless))).toEqual(kept)
  const changes: readonly ((source: string) => string)[] = [
    (source) =>
      source
        .replace('uint32 attempt = 1;', 'uint32 attempt = 99;')
        .replace('uint32 attempt = 2;', 'uint32 attempt = 98;'),
    (source) => source.replace('double time_ms = 1;', 'uint32 time_ms = 1;'),
    (source) => source.replace('double time_ms = 1;', 'double time_ms = 1; string more = 90;'),
    (source) => source.replace('optional string hint', 'string hint'),
    (source) => source.replace('returns (stream ToTaskManager)', 'returns (ToTaskManager)'),
    (source) => source.replace('rpc Results(', 'rpc Take('),
  ]
  for (const change of changes) expect(nextProtocol(kept, digestOf(change)).version, String(change)).toBe(8)
})

test('messages of the control stream arrive as they were sent', () => {
  const up: FromTaskManager[] = [
    {
      kind: 'taskState',
      jobId: 'j',
      attempt: 1,
      vertex: 0,
      subtask: 0,
      state: 'failed',
      cause: { code: 'X', message: 'no', operator: 'map' },
    },
    { kind: 'print', jobId: 'j', attempt: 2, uid: 'p', lines: ['a', '', 'ü'] },
    { kind: 'heartbeat', timeMs: 1.7e12, rssBytes: 1e10, arenaUsedBytes: 0, arenaFreeSegments: 0 },
  ]
  const { requestSerialize, requestDeserialize, responseSerialize, responseDeserialize } = controlMethods.connect
  for (const message of up) expect(requestDeserialize(requestSerialize(message))).toEqual(message)
  const down: ToTaskManager = {
    kind: 'triggerCheckpoint',
    jobId: 'j',
    attempt: 1,
    checkpointId: 4,
    savepoint: false,
    stop: '',
  }
  expect(responseDeserialize(responseSerialize(down))).toEqual(down)
  const submit = { kind: 'bundle' as const, value: Buffer.from([1, 2, 3]) }
  expect(clientMethods.submit.requestDeserialize(clientMethods.submit.requestSerialize(submit))).toEqual(submit)
})

test('bytes that are no message are a message or an Error, nothing else', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      for (const { requestDeserialize, responseDeserialize } of [controlMethods.connect, clientMethods.info]) {
        for (const decode of [requestDeserialize, responseDeserialize]) {
          try {
            decode(Buffer.from(bytes))
          } catch (error) {
            expect(error).toBeInstanceOf(Error)
          }
        }
      }
    }),
    { numRuns: 2000 },
  )
})

test('a coded error crosses a call with its hint and cause', () => {
  const error = rpcErrors.create(
    'VERSION_MISMATCH',
    { id: 'tm', theirVersion: '1', ourVersion: '2' },
    { cause: new Error('ü') },
  )
  const sent = toServiceError(error, new Metadata())
  const back = fromServiceError(sent, 'here:1')
  expect(back).toMatchObject({ code: error.code, message: error.message, hint: error.hint, retry: 'never' })
  expect((back.cause as Error).message).toBe('ü')
})

test.each([
  'Failed to connect',
  'Error: read ECONNRESET',
  'Error: write EPIPE',
  'Error: Client network socket disconnected before secure TLS connection was established',
])('whoever ends the connection in the handshake is there, whatever Node calls it: %s', (last) => {
  const details = `No connection established. Last error: ${last} (2026-11-21T15:26:05.863Z). Resolution note: `
  expect(fromServiceError({ code: status.UNAVAILABLE, details }, 'here:1')).toMatchObject({ code: 'RPC_HUNG_UP' })
})

test('where nobody listens there is no JobManager', () => {
  const details = 'No connection established. Last error: connect ECONNREFUSED 127.0.0.1:1 (now). Resolution note: '
  expect(fromServiceError({ code: status.UNAVAILABLE, details }, 'here:1')).toMatchObject({
    code: 'RPC_NO_JOBMANAGER',
  })
})
