/**
 * Loaded into a process of a test before anything else (`node --import`), in each of its threads: outgoing connections go
 * over a switchboard, and the wall clock can be moved. `TEST_PROCESS_HOOK` says how; without it nothing is changed.
 */
import { readFileSync } from 'node:fs'
import { type NetConnectOpts, Socket } from 'node:net'

export interface ProcessHook {
  /** Of the process, as the switchboard knows it. */
  readonly name: string
  /** Port of the switchboard on loopback. */
  readonly switchboardPort: number
  /** A file with the milliseconds by which the wall clock is ahead; absent: it is right. */
  readonly clockFile: string
}

export const hookVariable = 'TEST_PROCESS_HOOK'

const text = process.env[hookVariable]
if (text !== undefined) {
  const hook = JSON.parse(text) as ProcessHook
  connectOver(hook)
  moveClock(hook.clockFile)
}

function connectOver({ name, switchboardPort }: ProcessHook): void {
  const direct = Socket.prototype.connect as (this: Socket, ...given: unknown[]) => Socket
  function connect(this: Socket, ...given: unknown[]): Socket {
    // What `net.connect` has sorted out before comes as one array.
    const [first, ...rest] = (Array.isArray(given[0]) ? given[0] : given) as unknown[]
    const options = (typeof first === 'object' ? first : { port: first, host: rest[0] }) as NetConnectOpts
    if (!('port' in options)) return direct.apply(this, given)
    const heard = rest.find((each) => typeof each === 'function')
    const target = { host: '127.0.0.1', port: switchboardPort }
    const socket = direct.call(this, target, ...(heard === undefined ? [] : [heard]))
    socket.write(`${name} ${options.host ?? '127.0.0.1'} ${options.port}\n`)
    return socket
  }
  Socket.prototype.connect = connect as typeof Socket.prototype.connect
}

function moveClock(file: string): void {
  const RealDate = Date
  let aheadMs = 0
  setInterval(() => {
    try {
      aheadMs = Number(readFileSync(file, 'latin1'))
    } catch {
      aheadMs = 0
    }
  }, 25).unref()
  const now = (): number => RealDate.now() + aheadMs
  globalThis.Date = new Proxy(RealDate, {
    construct: (target, given, newTarget) =>
      Reflect.construct(target, given.length === 0 ? [now()] : given, newTarget) as object,
    get: (target, key, receiver) => (key === 'now' ? now : (Reflect.get(target, key, receiver) as unknown)),
  })
}
