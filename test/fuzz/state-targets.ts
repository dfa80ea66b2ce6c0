/** Decoders of state entries. */
import { decodeStateValue, encodeStateValue } from '../../taskmanager/state/values.ts'
import type { FuzzTarget } from './harness.ts'

const samples: readonly unknown[] = [
  1,
  -0.5,
  'text',
  'Grüße',
  { a: [1n, null], b: new Map([['x', new Date(5)]]) },
  [true, new Uint8Array(9)],
]
const copy = (bytes: Uint8Array): Uint8Array => new Uint8Array(bytes)

export const stateTargets: readonly FuzzTarget[] = [
  {
    name: 'value of a state entry',
    codes: ['STATE_', 'COLUMNS_'],
    seeds: () =>
      samples.flatMap((value) => [
        copy(encodeStateValue(value, Number.NaN)),
        copy(encodeStateValue(value, 1_700_000_000_000)),
      ]),
    decode: (bytes) => decodeStateValue(bytes, 'fuzzed'),
  },
]
