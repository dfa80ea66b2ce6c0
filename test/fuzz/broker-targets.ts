/** Decoders of what the broker keeps for itself. */
import { readFileSync } from 'node:fs'
import { decodeRecord } from '../../broker/metadata/records.ts'
import type { FuzzTarget } from './harness.ts'

const golden = (version: number): string[] =>
  JSON.parse(readFileSync(new URL(`../golden/broker/metadata-records.v${version}.json`, import.meta.url), 'utf8'))

export const brokerTargets: readonly FuzzTarget[] = [
  {
    name: 'record of the metadata log',
    codes: ['BROKER_METADATA_UNREADABLE', 'BROKER_METADATA_NEWER'],
    codesMin: 2,
    seeds: () => [1, 2].flatMap(golden).map((line) => Buffer.from(line, 'base64')),
    decode: (input) => decodeRecord(Buffer.from(input), 0),
  },
]
