/**
 * What it costs to read a row of JSON: the kernel from bytes to columns, its twin, and JSON.parse of the same bytes. Nexmark
 * bids. Prints nanoseconds of CPU per row, best and median of passes.
 */
import { JsonMemory } from '../../core/kernels/json.ts'
import { Bid } from '../../examples/nexmark/model.ts'
import { bid } from '../../examples/nexmark/rows.ts'

const rows = 1000
const passes = 9
const batches = 40
const fields = Bid.dataType.kind === 'struct' ? Bid.dataType.fields : []
// Different rows in each batch: a row that was just read is read again faster than any row of a topic.
const inputs = Array.from({ length: batches }, (_, batch) =>
  Array.from({ length: rows }, (__, row) => Buffer.from(JSON.stringify(bid(batch * rows + row, 100_000)))),
)
const bytes = inputs.flat().reduce((sum, { length }) => sum + length, 0) / (rows * batches)

function time(run: (batch: readonly Buffer[]) => void): string {
  const times = Array.from({ length: passes }, () => {
    const before = process.cpuUsage()
    for (const batch of inputs) run(batch)
    const { user, system } = process.cpuUsage(before)
    return ((user + system) * 1000) / (rows * batches)
  }).sort((a, b) => a - b)
  return `${times[0].toFixed(0)} (median ${times[passes >> 1].toFixed(0)})`
}

function through(memory: JsonMemory): (batch: readonly Buffer[]) => void {
  return (batch) => {
    let at = 0
    for (let row = 0; row < rows; row++) {
      memory.u8.set(batch[row], memory.input + at)
      memory.i32[(memory.starts >>> 2) + row] = at
      memory.i32[(memory.lengths >>> 2) + row] = batch[row].length
      at += batch[row].length
    }
    if (memory.run(rows) !== 0) throw new Error('a bid is strange to the kernel')
  }
}

const kernel = new JsonMemory({ fields, rowsMax: rows, inputBytes: rows * 512 })
const twin = new JsonMemory({ fields, rowsMax: rows, inputBytes: rows * 512, twin: true })
let sum = 0
process.stdout.write(`bids of ${bytes.toFixed(0)} bytes, CPU ns a row\n`)
process.stdout.write(`  kernel, with copying the bytes in   ${time(through(kernel))}\n`)
process.stdout.write(`  its twin                            ${time(through(twin))}\n`)
const parse = time((batch) => {
  for (const each of batch) sum += (JSON.parse(each.toString()) as { price: number }).price
})
process.stdout.write(`  JSON.parse of the bytes as text     ${parse}\n`)
if (!(sum > 0)) process.exitCode = 1
