/**
 * Nexmark events as columns: the same events as `rows.ts`, without an object or a string per event. Numbers go into the
 * arrays of the batch, `extra` is a slice of a fixed pool, what has few values is picked from a dictionary, and texts are
 * drawn as bytes. Persons and auctions (4 events of 50) go to side outputs. What nobody reads is not made.
 *
 * The scratch arrays are the module's own: one slot thread fills one batch at a time.
 */
import type { ColumnWriter } from 'millrace'
import { fillBids, type Wants } from './bid-columns.ts'
import { Draw } from './draw.ts'
import {
  cities,
  dictionaryOf,
  firstNames,
  lastAuction,
  lastNames,
  lastPerson,
  pool,
  poolBytes,
  prices,
  rowsMax,
  states,
  timeOf,
} from './model.ts'
import { Texts } from './texts.ts'

const names = firstNames.flatMap((first) => lastNames.map((last) => `${first} ${last}`))
const nameDictionary = dictionaryOf(names)
const cityDictionary = dictionaryOf(cities)
const stateDictionary = dictionaryOf(states)

const extraStarts = new Int32Array(rowsMax)
const extraLengths = new Int32Array(rowsMax)
const picked = new Int32Array(rowsMax)
const picked2 = new Int32Array(rowsMax)
const picked3 = new Int32Array(rowsMax)

export type NexmarkSide = 'person' | 'auction'
type Fill = (writer: ColumnWriter, from: number, to: number, side: (tag: NexmarkSide) => ColumnWriter) => void

/**
 * Writes events `from` to `to` - 1 (at most 16,384) with event times of `rate` events per second. `whole`: all fields of
 * all events are made, whoever reads them.
 */
export function fillEvents(rate: number, whole = false): Fill {
  const wanted = (writer: ColumnWriter): Wants => (whole ? () => true : (field) => writer.wants(field))
  return (writer, from, to, side) => {
    writer.commit(fillBids(writer, from, to, rate, wanted(writer)))
    const persons = Math.ceil(to / 50) - Math.ceil(from / 50)
    if (persons > 0) {
      const columns = side('person')
      const wants = wanted(columns)
      if (wants()) fillPersons(columns, from, to, rate, wants)
      columns.commit(persons)
    }
    const auctions = countAuctions(to) - countAuctions(from)
    if (auctions > 0) {
      const columns = side('auction')
      const wants = wanted(columns)
      if (wants()) fillAuctions(columns, from, to, rate, wants)
      columns.commit(auctions)
    }
  }
}

/** Auctions among the events before n. */
const countAuctions = (n: number): number => Math.floor(n / 50) * 3 + Math.min(3, Math.max(0, (n % 50) - 1))

const draw = new Draw()
const texts = new Texts(draw)
const texts2 = new Texts(draw)

function drawExtra(row: number, current: number, average: number): void {
  const missing = average - current
  const delta = Math.floor((2 * missing + 5) / 10)
  const length = missing <= 0 ? 0 : missing - delta + (delta > 0 ? draw.int(2 * delta) : 0)
  extraStarts[row] = missing <= 0 ? 0 : draw.int(poolBytes - length)
  extraLengths[row] = length
}

const drawPrice = (): number => prices[draw.int(6) * 1024 + draw.int(1024)]

function fillPersons(writer: ColumnWriter, from: number, to: number, rate: number, wants: Wants): void {
  const pastName = ['emailAddress', 'creditCard', 'city', 'state', 'extra'].some((field) => wants(field))
  const id = writer.float64('id')
  const dateTime = writer.float64('dateTime')
  texts.clear()
  texts2.clear()
  let row = 0
  for (let n = Math.ceil(from / 50) * 50; n < to; n += 50, row++) {
    draw.seed(n)
    id[row] = 1000 + n / 50
    dateTime[row] = timeOf(n, rate)
    const first = draw.int(11)
    picked[row] = first * lastNames.length + draw.int(9)
    if (!pastName) continue
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
  }
  writer.pick('name', nameDictionary, picked, row)
  if (!pastName) return
  texts.write(writer, 'emailAddress')
  texts2.write(writer, 'creditCard')
  writer.pick('city', cityDictionary, picked2, row)
  writer.pick('state', stateDictionary, picked3, row)
  writer.slices('extra', pool, extraStarts, extraLengths, row)
}

function fillAuctions(writer: ColumnWriter, from: number, to: number, rate: number, wants: Wants): void {
  const pastNumbers = ['itemName', 'description', 'reserve', 'extra'].some((field) => wants(field))
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
    if (pastNumbers) {
      texts.next()
      const itemName = texts.random(20)
      texts2.next()
      const description = texts2.random(100)
      reserve[row] = initialBid[row] + drawPrice()
      drawExtra(row, 8 + itemName + description + 40, 500)
    }
    row++
    n++
  }
  if (!pastNumbers) return
  texts.write(writer, 'itemName')
  texts2.write(writer, 'description')
  writer.slices('extra', pool, extraStarts, extraLengths, row)
}
