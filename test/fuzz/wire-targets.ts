/** Decoders of data connections. A connection hands over exactly the bytes that a head announces. */
import {
  creditBytes,
  decodeAnswer,
  decodeCredit,
  decodeFrameHead,
  decodeHello,
  frameHeadBytes,
} from '../../taskmanager/network/tcp/wire.ts'
import { makeGolden } from '../golden/wire/contents.ts'
import type { FuzzTarget } from './harness.ts'

const golden = makeGolden()
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')
/** As the connection gives it: never fewer bytes than the message has. */
const whole = (input: Uint8Array, size: number): Buffer => Buffer.concat([input, Buffer.alloc(size)], size)

export const wireTargets: readonly FuzzTarget[] = [
  {
    name: 'greeting of a data connection',
    codes: ['NETWORK_BAD_FRAME'],
    codesMin: 1,
    seeds: () => [bytes(golden.hello)],
    decode: (input) => decodeHello(Buffer.from(input)),
  },
  {
    name: 'answer of a data connection',
    codes: ['NETWORK_BAD_FRAME'],
    codesMin: 1,
    seeds: () => [bytes(golden.accepted), bytes(golden.refused)],
    decode: (input) => decodeAnswer(Buffer.from(input)),
  },
  {
    name: 'head of a data frame',
    codes: ['NETWORK_BAD_FRAME'],
    codesMin: 1,
    seeds: () => golden.frames.map(bytes),
    decode: (input) => decodeFrameHead(whole(input, frameHeadBytes), 2, 65_536),
  },
  {
    name: 'credit of a data connection',
    codes: ['NETWORK_BAD_FRAME'],
    codesMin: 1,
    seeds: () => [bytes(golden.credit)],
    decode: (input) => decodeCredit(whole(input, creditBytes), 2, 8),
  },
]
