/** Messages of data connections: written as ever, and read as ever. */
import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import {
  decodeAnswer,
  decodeCredit,
  decodeFrameHead,
  decodeHello,
  encodeFrameHead,
  pingCredit,
  pingFrame,
  pingKind,
} from '../../../../taskmanager/network/tcp/wire.ts'
import { frames, type GoldenWire, hello, makeGolden, refusal } from '../../../golden/wire/contents.ts'

const golden = JSON.parse(
  readFileSync(new URL('../../../golden/wire/wire.v1.json', import.meta.url), 'utf8'),
) as GoldenWire
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')

describe('messages of a data connection of version 1', () => {
  test('are written byte by byte as they always were', () => {
    expect(makeGolden()).toEqual(golden)
  })

  test('say what they always said', () => {
    expect(decodeHello(bytes(golden.hello))).toEqual(hello)
    expect(decodeAnswer(bytes(golden.accepted))).toBeUndefined()
    expect(decodeAnswer(bytes(golden.refused))).toBe(refusal)
    expect(golden.frames.map((frame) => decodeFrameHead(bytes(frame), 2, 65_536))).toEqual(frames)
    expect(decodeCredit(bytes(golden.credit), 2, 8)).toEqual({ channel: 1, batches: 5 })
  })
})

test('pings are a frame of no channel and a credit of nothing', () => {
  expect(decodeFrameHead(pingFrame, 1, 65_536)).toMatchObject({ kind: pingKind, bodyBytes: 0 })
  expect(decodeCredit(pingCredit, 1, 8)).toEqual({ channel: 0, batches: 0 })
})

test('the number of a frame begins again when it has come to its end', () => {
  const frame = { bodyBytes: 0, kind: pingKind, channel: 0, detail: 0, value: 0 }
  const numberOf = (sequence: number) => decodeFrameHead(encodeFrameHead({ ...frame, sequence }), 1, 65_536).sequence
  expect([2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1].map(numberOf)).toEqual([2 ** 32 - 1, 0, 1])
})
