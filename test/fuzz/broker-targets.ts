/** Decoders of what the broker keeps for itself. */
import { readFileSync } from 'node:fs'
import { decodeRecord } from '../../broker/metadata/records.ts'
import type { FuzzTarget } from './harness.ts'

const golden = new URL('../golden/broker/metadata-records.v1.json', import.meta.url)

export const brokerTargets: readonly FuzzTarget[] = [
  {
    name: 'record of the metadata log',
    codes: ['BROKER_METADATA_UNREADABLE', 'BROKER_METADATA_NEWER'],
    codesMin: 2,
    seeds: () => (JSON.parse(readFileSync(golden, 'utf8')) as string[]).map((line) => Buffer.from(line, 'base64')),
    decode: (input) => decodeRecord(Buffer.from(input), 0),
  },
]
