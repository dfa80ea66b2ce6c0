/**
 * Bids as columns: the loop that costs. About ten draws per bid, written out because calls between them cost as much as
 * they do, and without branches on what is drawn: which draws an event needs is as random as they are, and no processor
 * guesses it. Which fields are wanted is the same for all of them, and what nobody reads is not drawn.
 *
 * The scratch arrays are the module's own: one slot thread fills one batch at a time.
 */
import type { ColumnWriter, StringDictionary } from 'millrace'
import { fmix } from './draw.ts'
import { channels, dictionaryOf, hotChannels, pool, poolBytes, prices, rowsMax, timeOf, urls } from './model.ts'

const channelDictionary: StringDictionary = dictionaryOf(channels)
const urlDictionary: StringDictionary = dictionaryOf(urls)

const picked = new Int32Array(rowsMax)
const extraStarts = new Int32Array(rowsMax)
const extraLengths = new Int32Array(rowsMax)
const none = new Float64Array(0)

const scale = 2 ** -32
const golden = 0x9e3779b9 | 0

/** Which fields are to be made. */
export type Wants = (field?: string) => boolean

/** Writes the bids among events `from` to `to` - 1 and returns how many. */
export function fillBids(writer: ColumnWriter, from: number, to: number, rate: number, wants: Wants): number {
  if (wants('dateTime')) fillTimes(writer.float64('dateTime'), from, to, rate)
  const rows = drawBids(writer, from, to, wants)
  if (wants('channel')) writer.pick('channel', channelDictionary, picked, rows)
  if (wants('url')) writer.pick('url', urlDictionary, picked, rows)
  if (wants('extra')) writer.slices('extra', pool, extraStarts, extraLengths, rows)
  return rows
}

function fillTimes(dateTime: Float64Array, from: number, to: number, rate: number): void {
  let rows = 0
  for (let first = from - (from % 50); first < to; first += 50) {
    const begin = Math.max(from, first + 4)
    const end = Math.min(to, first + 50)
    if (begin >= end) continue
    // Times never fall, so those between two that are equal are equal too, and a division is spared for each.
    const time = timeOf(begin, rate)
    if (time === timeOf(end - 1, rate)) for (let n = begin; n < end; n++) dateTime[rows++] = time
    else for (let n = begin; n < end; n++) dateTime[rows++] = timeOf(n, rate)
  }
}

/**
 * `s` is the state of a bid's sequence, `z` the number drawn, `cold` a mask: -1 where the value is drawn once more, 0 where
 * it is the popular one and the state must not move.
 */
function drawBids(writer: ColumnWriter, from: number, to: number, wants: Wants): number {
  const wantsAuction = wants('auction')
  const wantsBidder = wants('bidder')
  const wantsPrice = wants('price')
  const wantsPicked = wants('channel') || wants('url')
  const wantsExtra = wants('extra')
  const pastBidder = wantsPrice || wantsPicked || wantsExtra
  const pastAuction = wantsBidder || pastBidder
  const draws = wantsAuction || pastAuction
  const auction = wantsAuction ? writer.float64('auction') : none
  const bidder = wantsBidder ? writer.float64('bidder') : none
  const price = wantsPrice ? writer.float64('price') : none
  let rows = 0
  for (let epoch = Math.floor(from / 50); epoch * 50 < to; epoch++) {
    const first = epoch * 50
    const begin = Math.max(from, first + 4)
    const count = Math.min(to, first + 50) - begin
    if (!draws) {
      rows += Math.max(0, count)
      continue
    }
    // What all bids of an epoch share. Cold ids lie close to the hot one: their distance is a small integer.
    const newestAuction = 3 * epoch + 2
    const oldestAuction = Math.max(newestAuction - 100, 0)
    const hotAuction = 1000 + Math.floor(newestAuction / 100) * 100
    const coldAuction = (1000 + oldestAuction - hotAuction) | 0
    const auctions = (newestAuction - oldestAuction + 11) * scale
    const active = Math.min(epoch + 1, 1000)
    const hotBidder = 1001 + Math.floor(epoch / 100) * 100
    const coldBidder = (1001 + epoch - active - hotBidder) | 0
    const bidders = (active + 10) * scale
    let low = begin | 0
    let high = fmix((Math.floor(begin / 0x1_0000_0000) + 1) | 0)
    for (let i = 0; i < count; i++, low = (low + 1) | 0, rows++) {
      if (low === 0) high = fmix((Math.floor((begin + i) / 0x1_0000_0000) + 1) | 0)
      let s = fmix(low) ^ high
      // The highest bit decides int(2), the two highest int(4): the last mixing step leaves them alone.
      s = (s + golden) | 0
      let z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      let cold = ~(Math.imul(z ^ (z >>> 15), 0x735a2d97) >> 31)
      if (wantsAuction) {
        const drawn = (s + golden) | 0
        z = Math.imul(drawn ^ (drawn >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        auction[rows] = hotAuction + (cold & (coldAuction + ((((z ^ (z >>> 15)) >>> 0) * auctions) | 0)))
      }
      if (!pastAuction) continue
      s = (s + golden + (golden & cold)) | 0
      z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      cold = ((z >>> 30) - 1) >> 31
      if (wantsBidder) {
        const drawn = (s + golden) | 0
        z = Math.imul(drawn ^ (drawn >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        bidder[rows] = hotBidder + (cold & (coldBidder + ((((z ^ (z >>> 15)) >>> 0) * bidders) | 0)))
      }
      if (!pastBidder) continue
      s = (s + golden + (golden & cold)) | 0
      if (wantsPrice) {
        z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        const power = (((z ^ (z >>> 15)) >>> 0) * (6 * scale)) | 0
        const drawn = (s + golden) | 0
        z = Math.imul(drawn ^ (drawn >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        price[rows] = prices[(power << 10) | ((z ^ (z >>> 15)) >>> 22)]
      }
      s = (s + golden + golden) | 0
      if (wantsPicked) {
        z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
        cold = ~(Math.imul(z ^ (z >>> 15), 0x735a2d97) >> 31)
        const drawn = (s + golden) | 0
        z = Math.imul(drawn ^ (drawn >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        const coldChannel = hotChannels + ((((z ^ (z >>> 15)) >>> 0) * (10_000 * scale)) | 0)
        picked[rows] = (cold & coldChannel) | (~cold & (z >>> 30))
      }
      if (wantsExtra) {
        // extra(32, 100): 68 missing, 14 either way.
        let drawn = (s + golden + golden) | 0
        z = Math.imul(drawn ^ (drawn >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        const length = 54 + ((((z ^ (z >>> 15)) >>> 0) * (28 * scale)) | 0)
        drawn = (drawn + golden) | 0
        z = Math.imul(drawn ^ (drawn >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        extraStarts[rows] = (((z ^ (z >>> 15)) >>> 0) * ((poolBytes - length) * scale)) | 0
        extraLengths[rows] = length
      }
    }
  }
  return rows
}
