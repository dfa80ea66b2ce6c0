/**
 * The tests of one client of the matrix: every feature that the table says it has, with the answer that all clients share, on
 * one broker process. The last feature kills that broker in the middle.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { dumpSegment } from '../../../broker/log/inspection/inspect.ts'
import { readTransactionRecord, transactionTopic } from '../../../broker/transaction/records.ts'
import { transactionForm, transactionStatus } from '../../../broker/transaction/state.ts'
import { systemDisk } from '../../../core/platform/disk.ts'
import { readBatchHeader } from '../../../proto/kafka/records/index.ts'
import { type BrokerProcess, startBrokerProcess } from './broker.ts'
import { type ClientName, clients, type Feature, type FeatureName, features, lacking } from './matrix.ts'
import type { Answer } from './program.ts'

/** The cases of a client. */
export interface Cases {
  /** The case `restart` calls `event` once some hundred records are acknowledged, and goes on sending until it resolves. */
  run(name: FeatureName, event: () => Promise<void>): Promise<Answer>
  close(): Promise<void>
}

export function testClient(client: ClientName, start: (broker: BrokerProcess) => Promise<Cases> | Cases): void {
  describe(clients[client].title, () => {
    let broker: BrokerProcess
    let cases: Cases

    beforeAll(async () => {
      broker = await startBrokerProcess()
      cases = await start(broker)
    })
    afterAll(async () => {
      await cases.close()
      await broker.close()
    })

    for (const feature of features as readonly Feature[]) {
      const name = feature.name as FeatureName
      if (lacking(client, name) !== undefined) continue
      it(`${name}: ${feature.title}`, async () => {
        let restarts = 0
        const answer = await cases.run(name, async () => {
          await broker.kill()
          await broker.start()
          restarts++
        })
        expect(answer).toEqual({ ...answer, ...feature.answer })
        if (name === 'codecs') expect(storedCodecs(broker)).toEqual(['none', 'gzip', 'snappy', 'lz4', 'zstd'])
        if (name === 'transactions') expect(transactionForms(broker)).toEqual(new Set([forms[client] ?? 0]))
        if (name === 'restart') expect(restarts).toBe(1)
      })
    }
  })
}

/** Clients that use the second form of transactions where the broker wants it; others do not know of it. */
const forms: Partial<Record<ClientName, number>> = { 'java-4.3.1': transactionForm.second }

/** Of all transactions so far, as the log of their coordinator keeps them. */
function transactionForms(broker: BrokerProcess): Set<number> {
  const forms = new Set<number>()
  for (const name of systemDisk.list(broker.dataDirectory).filter((each) => each.startsWith(`${transactionTopic}-`))) {
    for (const batch of dumpSegment(systemDisk, `${broker.dataDirectory}/${name}/00000000000000000000.log`)) {
      for (const { key, value, offset } of batch.records()) {
        const state = key === null ? undefined : readTransactionRecord(key, value, offset)?.state
        if (state?.status === transactionStatus.Ongoing) forms.add(state.form)
      }
    }
  }
  return forms
}

/** What the client's batches are compressed with, as the log keeps them: byte for byte. */
function storedCodecs(broker: BrokerProcess): (string | undefined)[] {
  return ['none', 'gzip', 'snappy', 'lz4', 'zstd'].map((codec) => {
    const log = systemDisk.read(`${broker.dataDirectory}/codec-${codec}-0/00000000000000000000.log`)
    return readBatchHeader(Buffer.from(log), 0).codec
  })
}
