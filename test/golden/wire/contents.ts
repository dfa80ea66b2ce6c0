/** One of each message of a data connection, as hex, and what it says. */
import { encodeAnswer, encodeCredit, encodeFrameHead, encodeHello } from '../../../taskmanager/network/tcp/wire.ts'

export const hello = {
  version: 1,
  jobId: 'jöb-1',
  attempt: 3,
  epoch: 7,
  channels: [
    { edge: 0, from: 1, to: 2, credit: 8 },
    { edge: 4_000_000_000, from: 0, to: 65_535, credit: 1 },
  ],
}
export const frames = [
  { bodyBytes: 4096, kind: 1, channel: 1, sequence: 9, detail: 0, value: 0 },
  { bodyBytes: 0, kind: 2, channel: 0, sequence: 10, detail: 0, value: 1_700_000_000_000.5 },
  { bodyBytes: 0, kind: 3, channel: 0, sequence: 11, detail: 0, value: 42 },
  { bodyBytes: 0, kind: 4, channel: 1, sequence: 12, detail: 1, value: 0 },
  { bodyBytes: 0, kind: 5, channel: 1, sequence: 4_294_967_295, detail: 1, value: 42 },
]
export const refusal = 'it does not run here'

export interface GoldenWire {
  readonly hello: string
  readonly accepted: string
  readonly refused: string
  readonly frames: readonly string[]
  readonly credit: string
}

export const makeGolden = (): GoldenWire => ({
  hello: encodeHello(hello).toString('hex'),
  accepted: encodeAnswer(undefined).toString('hex'),
  refused: encodeAnswer(refusal).toString('hex'),
  frames: frames.map((frame) => encodeFrameHead(frame).toString('hex')),
  credit: encodeCredit(1, 5).toString('hex'),
})
