/**
 * What a fetched answer costs on its way from a broker to a slot of the same process: over loopback TCP, as it goes, and over a
 * MessagePort with its memory given away, as it could. Both end with the bytes in memory that the reader owns. The broker's
 * thread is this one, the slot's a worker. Prints CPU of the whole process per row of 242 bytes, best and median of passes.
 */
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { fileURLToPath } from 'node:url'
import { isMainThread, MessageChannel, type MessagePort, parentPort, Worker } from 'node:worker_threads'

const rowBytes = 242
const answers = 400
const passes = 7

interface Order {
  readonly how: 'tcp' | 'port'
  readonly bytes: number
  readonly port: number
  readonly channel?: MessagePort
}

/** Asks for one answer after the other, one ahead as the fetcher does. */
async function readAll({ how, bytes, port, channel }: Order): Promise<number> {
  let sum = 0
  let asked = 0
  let got = 0
  if (how === 'port' && channel !== undefined) {
    const done = new Promise<void>((resolve) => {
      channel.on('message', (answer: ArrayBuffer) => {
        sum += new Uint8Array(answer)[0]
        got++
        if (asked < answers) {
          asked++
          channel.postMessage(bytes)
        }
        if (got === answers) resolve()
      })
    })
    for (; asked < 2; asked++) channel.postMessage(bytes)
    await done
    channel.close()
    return sum
  }
  const buffer = Buffer.allocUnsafeSlow(65_536)
  // Memory of answers is used again, as by the client's frames.
  const frames = [Buffer.allocUnsafeSlow(bytes), Buffer.allocUnsafeSlow(bytes)]
  let at = 0
  let finish = (): void => undefined
  const done = new Promise<void>((resolve) => {
    finish = resolve
  })
  const request = Buffer.alloc(64)
  const socket: Socket = connect({
    port,
    host: '127.0.0.1',
    noDelay: true,
    onread: {
      buffer,
      callback(size) {
        for (let from = 0; from < size; ) {
          const take = Math.min(bytes - at, size - from)
          buffer.copy(frames[got % 2] as Buffer, at, from, from + take)
          from += take
          at += take
          if (at < bytes) continue
          at = 0
          sum += (frames[got % 2] as Buffer)[0] ?? 0
          got++
          if (asked < answers) {
            asked++
            socket.write(request)
          }
          if (got === answers) finish()
        }
        return true
      },
    },
  })
  await once(socket, 'connect')
  for (; asked < 2; asked++) socket.write(request)
  await done
  socket.destroy()
  return sum
}

if (!isMainThread) {
  parentPort?.on('message', (order: Order) => {
    void readAll(order).then((sum) => parentPort?.postMessage(sum))
  })
} else {
  const worker = new Worker(fileURLToPath(import.meta.url))
  const tail = Buffer.alloc(8 * 1024 * 1024, 1)
  let answerBytes = 0
  const server = createServer({ noDelay: true }, (socket) => {
    let pending = 0
    socket.on('data', (data) => {
      for (pending += data.length; pending >= 64; pending -= 64) socket.write(tail.subarray(0, answerBytes))
    })
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }

  async function pass(how: 'tcp' | 'port', bytes: number): Promise<number> {
    answerBytes = bytes
    const { port1, port2 } = new MessageChannel()
    port1.on('message', (size: number) => {
      // The log keeps its own: what is given away is a copy, as TCP makes one.
      const copy = new ArrayBuffer(size)
      new Uint8Array(copy).set(tail.subarray(0, size))
      port1.postMessage(copy, [copy])
    })
    const before = process.cpuUsage()
    worker.postMessage({ how, bytes, port, channel: port2 } satisfies Order, [port2])
    await once(worker, 'message')
    const { user, system } = process.cpuUsage(before)
    port1.close()
    return ((user + system) * 1000) / ((answers * bytes) / rowBytes)
  }

  process.stdout.write(`${answers} answers, CPU ns per row of ${rowBytes} bytes, best (median)\n`)
  for (const bytes of [64 * 1024, 1024 * 1024, 4 * 1024 * 1024]) {
    const times = { tcp: [] as number[], port: [] as number[] }
    for (let i = 0; i < passes; i++)
      for (const how of i % 2 === 0 ? (['tcp', 'port'] as const) : (['port', 'tcp'] as const))
        times[how].push(await pass(how, bytes))
    const show = (list: number[]): string => {
      const sorted = list.toSorted((a, b) => a - b)
      return `${sorted[0]?.toFixed(0)} (${sorted[passes >> 1]?.toFixed(0)})`
    }
    process.stdout.write(
      `  answers of ${String(bytes / 1024).padStart(4)} KB   TCP ${show(times.tcp)}   port ${show(times.port)}\n`,
    )
  }
  server.close()
  await worker.terminate()
}
