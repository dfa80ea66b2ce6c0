/**
 * Nexmark events as columns: the same events as `rows.ts`, without an object or a string per bid. Numbers go into the
 * arrays of the batch, `extra` is a slice of a fixed pool, channel and URL are picked from a dictionary. Persons and
 * auctions (4 events of 50) go to side outputs.
 *
 * The scratch arrays are the module's own: one slot thread fills one batch at a time.
 */
import type { ColumnWriter, StringDictionary } from 'millrace'
import { Draw, fmix } from './draw.ts'
import {
  channels,
  cities,
  firstNames,
  hotChannels,
  lastAuction,
  lastNames,
  lastPerson,
  pool,
  poolBytes,
  prices,
  states,
  timeOf,
  urls,
} from './model.ts'

function dictionaryOf(values: readonly string[]): StringDictionary {
  const encoded = values.map((value) => Buffer.from(value))
  const offsets = new Int32Array(values.length + 1)
  for (let i = 0; i < values.length; i++) offsets[i + 1] = offsets[i] + encoded[i].length
  return { values, bytes: new Uint8Array(Buffer.concat(encoded)), offsets }
}

const channelDictionary = dictionaryOf(channels)
const urlDictionary = dictionaryOf(urls)
const names = firstNames.flatMap((first) => lastNames.map((last) => `${first} ${last}`))
const nameDictionary = dictionaryOf(names)
const cityDictionary = dictionaryOf(cities)
const stateDictionary = dictionaryOf(states)

/** Larger than any batch. */
const rowsMax = 16384
const extraStarts = new Int32Array(rowsMax)
const extraLengths = new Int32Array(rowsMax)
const picked = new Int32Array(rowsMax)
const picked2 = new Int32Array(rowsMax)
const picked3 = new Int32Array(rowsMax)

export type NexmarkSide = 'person' | 'auction'
type Fill = (writer: ColumnWriter, from: number, to: number, side: (tag: NexmarkSide) => ColumnWriter) => void

/** Writes events `from` to `to` - 1 (at most 16,384) with event times of `rate` events per second. */
export function fillEvents(rate: number): Fill {
  return (writer, from, to, side) => {
    writer.commit(fillBids(writer, from, to, rate))
    const persons = Math.ceil(to / 50) - Math.ceil(from / 50)
    if (persons > 0) {
      const columns = side('person')
      columns.commit(fillPersons(columns, from, to, rate))
    }
    const auctions = countAuctions(to) - countAuctions(from)
    if (auctions > 0) {
      const columns = side('auction')
      columns.commit(fillAuctions(columns, from, to, rate))
    }
  }
}

/** Auctions among the events before n. */
const countAuctions = (n: number): number => Math.floor(n / 50) * 3 + Math.min(3, Math.max(0, (n % 50) - 1))

const scale = 2 ** -32

/**
 * The loop that costs: about ten draws per bid, written out because calls between them cost as much as they do.
 * `s` is the state of the sequence, `z` the number drawn.
 */
function fillBids(writer: ColumnWriter, from: number, to: number, rate: number): number {
  const auction = writer.float64('auction')
  const bidder = writer.float64('bidder')
  const price = writer.float64('price')
  const dateTime = writer.float64('dateTime')
  let rows = 0
  for (let epoch = Math.floor(from / 50); epoch * 50 < to; epoch++) {
    const first = epoch * 50
    const begin = Math.max(from, first + 4)
    const end = Math.min(to, first + 50)
    // What all bids of an epoch share.
    const hotAuction = 1000 + Math.floor((3 * epoch + 2) / 100) * 100
    const oldestAuction = Math.max(3 * epoch + 2 - 100, 0)
    const auctions = 3 * epoch + 2 - oldestAuction + 11
    const hotBidder = 1001 + Math.floor(epoch / 100) * 100
    const active = Math.min(epoch + 1, 1000)
    const oldestBidder = 1001 + epoch - active
    const bidders = active + 10
    let high = 0
    for (let n = begin; n < end; n++) {
      const low = n >>> 0
      if (n === begin || low === 0) high = fmix((Math.floor(n / 0x1_0000_0000) + 1) | 0)
      let s = fmix(low) ^ high
      let z = 0
      s = (s + 0x9e3779b9) | 0
      z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      // The highest bit decides int(2), the two highest int(4): the last mixing step leaves them alone.
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      if (z < 0) auction[rows] = hotAuction
      else {
        s = (s + 0x9e3779b9) | 0
        z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        auction[rows] = 1000 + oldestAuction + Math.floor(((z ^ (z >>> 15)) >>> 0) * auctions * scale)
      }
      s = (s + 0x9e3779b9) | 0
      z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      if (z >>> 30 > 0) bidder[rows] = hotBidder
      else {
        s = (s + 0x9e3779b9) | 0
        z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        bidder[rows] = oldestBidder + Math.floor(((z ^ (z >>> 15)) >>> 0) * bidders * scale)
      }
      s = (s + 0x9e3779b9) | 0
      z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      const power = (((z ^ (z >>> 15)) >>> 0) * 6 * scale) | 0
      s = (s + 0x9e3779b9) | 0
      z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      price[rows] = prices[power * 1024 + ((z ^ (z >>> 15)) >>> 22)]
      s = (s + 0x9e3779b9) | 0
      z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      const hot = z < 0
      s = (s + 0x9e3779b9) | 0
      z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      picked[rows] = hot ? z >>> 30 : hotChannels + ((((z ^ (z >>> 15)) >>> 0) * 10_000 * scale) | 0)
      dateTime[rows] = timeOf(n, rate)
      // extra(32, 100): 68 missing, 14 either way.
      s = (s + 0x9e3779b9) | 0
      z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      const length = 54 + ((((z ^ (z >>> 15)) >>> 0) * 28 * scale) | 0)
      s = (s + 0x9e3779b9) | 0
      z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      extraStarts[rows] = ((z ^ (z >>> 15)) >>> 0) * (poolBytes - length) * scale
      extraLengths[rows] = length
      rows++
    }
  }
  writer.pick('channel', channelDictionary, picked, rows)
  writer.pick('url', urlDictionary, picked, rows)
  writer.slices('extra', pool, extraStarts, extraLengths, rows)
  return rows
}

const draw = new Draw()

/** Random texts of a batch as bytes: one string is made of them, and the texts are cut from it. */
class Texts {
  #bytes = Buffer.allocUnsafe(64 * 1024)
  #end = 0
  readonly #starts: number[] = []
  readonly values: string[] = []

  clear(): void {
    this.#end = 0
    this.#starts.length = 0
    this.values.length = 0
  }

  /** Begins the text of the next row. */
  next(): void {
    this.#starts.push(this.#end)
    if (this.#end + 1024 > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], this.#bytes.length * 2)
  }

  /** Draws a text (see `text` of draw.ts) and returns its length. */
  random(max: number): number {
    const bytes = this.#bytes
    const start = this.#end
    const drawn = 3 + draw.int(max - 3)
    // Spaces in front are not written, those behind are taken back.
    let end = start
    let s = draw.state
    for (let i = 0; i < drawn; i++) {
      s = (s + 0x9e3779b9) | 0
      let z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
      z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
      // int(13) is 0 below a 13th of 2^32.
      if ((z ^ (z >>> 15)) >>> 0 > 330_382_099) {
        s = (s + 0x9e3779b9) | 0
        z = Math.imul(s ^ (s >>> 16), 0x21f0aaad)
        z = Math.imul(z ^ (z >>> 15), 0x735a2d97)
        bytes[end++] = 97 + ((((z ^ (z >>> 15)) >>> 0) * 26 * scale) | 0)
      } else if (end > start) bytes[end++] = 0x20
    }
    draw.state = s
    while (end > start && bytes[end - 1] === 0x20) end--
    this.#end = end
    return end - start
  }

  literal(value: string): void {
    this.#end += this.#bytes.write(value, this.#end, 'latin1')
  }

  /** Four digits. */
  digits(value: number): void {
    const bytes = this.#bytes
    const at = this.#end
    bytes[at] = 48 + Math.floor(value / 1000)
    bytes[at + 1] = 48 + (Math.floor(value / 100) % 10)
    bytes[at + 2] = 48 + (Math.floor(value / 10) % 10)
    bytes[at + 3] = 48 + (value % 10)
    this.#end += 4
  }

  finish(): string[] {
    const all = this.#bytes.latin1Slice(0, this.#end)
    for (let i = 0; i < this.#starts.length; i++)
      this.values.push(all.slice(this.#starts[i], this.#starts[i + 1] ?? this.#end))
    return this.values
  }
}

const texts = new Texts()
const texts2 = new Texts()

function drawExtra(row: number, current: number, average: number): void {
  const missing = average - current
  const delta = Math.floor((2 * missing + 5) / 10)
  const length = missing <= 0 ? 0 : missing - delta + (delta > 0 ? draw.int(2 * delta) : 0)
  extraStarts[row] = missing <= 0 ? 0 : draw.int(poolBytes - length)
  extraLengths[row] = length
}

const drawPrice = (): number => prices[draw.int(6) * 1024 + draw.int(1024)]

function fillPersons(writer: ColumnWriter, from: number, to: number, rate: number): number {
  const id = writer.float64('id')
  const dateTime = writer.float64('dateTime')
  texts.clear()
  texts2.clear()
  let row = 0
  for (let n = Math.ceil(from / 50) * 50; n < to; n += 50) {
    draw.seed(n)
    id[row] = 1000 + n / 50
    dateTime[row] = timeOf(n, rate)
    const first = draw.int(11)
    picked[row] = first * lastNames.length + draw.int(9)
    texts.next()
    let used = 8 + names[picked[row]].length + texts.random(7) + 1
    texts.literal('@')
    used += texts.random(5) + 4
    texts.literal('.com')
    texts2.next()
    for (let i = 0; i < 4; i++) {
      if (i > 0) texts2.literal(' ')
      texts2.digits(draw.int(10_000))
    }
    picked2[row] = draw.int(10)
    picked3[row] = draw.int(6)
    drawExtra(row, used + 19 + cities[picked2[row]].length + 2, 200)
    row++
  }
  writer.pick('name', nameDictionary, picked, row)
  writer.strings('emailAddress', texts.finish(), row)
  writer.strings('creditCard', texts2.finish(), row)
  writer.pick('city', cityDictionary, picked2, row)
  writer.pick('state', stateDictionary, picked3, row)
  writer.slices('extra', pool, extraStarts, extraLengths, row)
  return row
}

function fillAuctions(writer: ColumnWriter, from: number, to: number, rate: number): number {
  const id = writer.float64('id')
  const initialBid = writer.float64('initialBid')
  const reserve = writer.float64('reserve')
  const dateTime = writer.float64('dateTime')
  const expires = writer.float64('expires')
  const seller = writer.float64('seller')
  const category = writer.float64('category')
  texts.clear()
  texts2.clear()
  let row = 0
  for (let n = from; n < to; ) {
    const off = n % 50
    if (off === 0 || off > 3) {
      n += off === 0 ? 1 : 51 - off
      continue
    }
    draw.seed(n)
    const newest = lastPerson(n)
    const time = timeOf(n, rate)
    const active = Math.min(newest + 1, 1000)
    id[row] = 1000 + lastAuction(n)
    dateTime[row] = time
    seller[row] =
      1000 + (draw.int(4) > 0 ? Math.floor(newest / 100) * 100 : newest + 1 - active + draw.int(active + 10))
    category[row] = 10 + draw.int(5)
    initialBid[row] = drawPrice()
    expires[row] = time + 1 + draw.int(Math.max(2 * (timeOf(n + 1666, rate) - time), 1))
    texts.next()
    const itemName = texts.random(20)
    texts2.next()
    const description = texts2.random(100)
    reserve[row] = initialBid[row] + drawPrice()
    drawExtra(row, 8 + itemName + description + 40, 500)
    row++
    n++
  }
  writer.strings('itemName', texts.finish(), row)
  writer.strings('description', texts2.finish(), row)
  writer.slices('extra', pool, extraStarts, extraLengths, row)
  return row
}
