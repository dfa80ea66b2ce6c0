/** What Nexmark rows are made of: their types, the fixed texts, prices, and which event is what. */
import { type StringDictionary, type TypeOf, t } from 'millrace'
import { Draw, text } from './draw.ts'

export const Person = t.object({
  id: t.float64(),
  name: t.string(),
  emailAddress: t.string(),
  creditCard: t.string(),
  city: t.string(),
  state: t.string(),
  dateTime: t.timestamp(),
  extra: t.string(),
})

export const Auction = t.object({
  id: t.float64(),
  itemName: t.string(),
  description: t.string(),
  initialBid: t.float64(),
  reserve: t.float64(),
  dateTime: t.timestamp(),
  expires: t.timestamp(),
  seller: t.float64(),
  category: t.float64(),
  extra: t.string(),
})

export const Bid = t.object({
  auction: t.float64(),
  bidder: t.float64(),
  price: t.float64(),
  channel: t.string(),
  url: t.string(),
  dateTime: t.timestamp(),
  extra: t.string(),
})

export type Person = TypeOf<typeof Person>
export type Auction = TypeOf<typeof Auction>
export type Bid = TypeOf<typeof Bid>

/** Epoch ms of event 0. */
export const baseTime = 1_700_000_000_000
export const firstNames = 'Peter Paul Luke John Saul Vicky Kate Julie Sarah Deiter Walter'.split(' ')
export const lastNames = 'Shultz Abrams Spencer White Bartels Walton Smith Jones Noris'.split(' ')
export const cities = [
  'Phoenix',
  'Los Angeles',
  'San Francisco',
  'Boise',
  'Portland',
  'Bend',
  'Redmond',
  'Seattle',
  'Kent',
  'Cheyenne',
]
export const states = 'AZ CA ID OR WA WY'.split(' ')

/** Letters from which every `extra` is a slice. */
export const poolBytes = 1 << 20
export const pool: Uint8Array = makePool()
export const poolText: string = Buffer.from(pool).toString('latin1')

function makePool(): Uint8Array {
  const bytes = new Uint8Array(poolBytes)
  const draw = new Draw().seed(3_000_000_000_000)
  for (let i = 0; i < poolBytes; i++) bytes[i] = 97 + draw.int(26)
  return bytes
}

/** Price in cents by k * 1024 + j, for k from 0 to 5. */
export const prices: Float64Array = makePrices()

function makePrices(): Float64Array {
  const made = new Float64Array(6 * 1024)
  for (let j = 0; j < 1024; j++) {
    const mantissa = Math.round(10 ** (j / 1024) * 1e6)
    for (let k = 0; k < 6; k++) made[k * 1024 + j] = Math.floor((10 ** k * mantissa) / 10000)
  }
  return made
}

export const hotChannels = 4
/** Channels and their URLs: the hot ones first, then 10,000 cold ones. */
export const channels: string[] = ['Google', 'Facebook', 'Baidu', 'Apple']
export const urls: string[] = []

function urlBase(draw: Draw): string {
  return `https://www.nexmark.com/${text(draw, 5, '_')}/${text(draw, 5, '_')}/${text(draw, 5, '_')}/item.htm?query=1`
}

function reverseBits(value: number): number {
  let reversed = 0
  for (let i = 0; i < 32; i++) reversed |= ((value >>> i) & 1) << (31 - i)
  return reversed
}

const channelDraw = new Draw()
for (let i = 0; i < hotChannels; i++) urls.push(urlBase(channelDraw.seed(5_000_000_000_000 + i)))
for (let c = 0; c < 10_000; c++) {
  const base = urlBase(channelDraw.seed(4_000_000_000_000 + c))
  channels.push(`channel-${c}`)
  urls.push(channelDraw.int(10) > 0 ? `${base}&channel_id=${Math.abs(reverseBits(c))}` : base)
}

/** Of 50 events the first is a person, three are auctions, the rest bids. */
export function kindOf(n: number): 'person' | 'auction' | 'bid' {
  const off = n % 50
  return off === 0 ? 'person' : off < 4 ? 'auction' : 'bid'
}

/** Number (without the 1000) of the newest person and auction at event n. */
export const lastPerson = (n: number): number => Math.floor(n / 50)

export function lastAuction(n: number): number {
  const epoch = Math.floor(n / 50)
  const off = n % 50
  return off < 1 ? epoch * 3 - 1 : off >= 4 ? epoch * 3 + 2 : epoch * 3 + off - 1
}

/** Epoch ms of event n at `rate` events per second. */
export const timeOf = (n: number, rate: number): number => baseTime + Math.floor((n * 1000) / rate)

/** Rows of a batch at most. */
export const rowsMax = 16_384

/** Texts to pick from by their number. */
export function dictionaryOf(values: readonly string[]): StringDictionary {
  const encoded = values.map((value) => Buffer.from(value))
  const offsets = new Int32Array(values.length + 1)
  for (let i = 0; i < values.length; i++) offsets[i + 1] = offsets[i] + encoded[i].length
  return { values, bytes: new Uint8Array(Buffer.concat(encoded)), offsets }
}
