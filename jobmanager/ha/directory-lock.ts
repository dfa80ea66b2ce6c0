/**
 * One JobManager per local directory. The lock is a socket that the system closes with the process, whatever ends it: no
 * lock is ever left behind. It holds on one machine; directories that several machines share need high-availability.type.
 */
import { createHash } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Disk, systemDisk } from '../../core/platform/disk.ts'
import { type Server, type Socket, systemNetwork } from '../../core/platform/net.ts'
import { errors } from './errors.ts'

/** Gives the way to unlock. Throws HA_STORE_LOCKED. */
export async function lockDirectory(directory: string, disk: Disk = systemDisk): Promise<() => Promise<void>> {
  disk.makeDirectory(directory)
  const name = `millrace-${createHash('sha256').update(directory).digest('hex').slice(0, 32)}`
  // A name that begins with zero is in no file system, on Linux; elsewhere a file is left behind by a killed process.
  const abstract = process.platform === 'linux'
  const path = abstract ? `\0${name}` : join(tmpdir(), `${name}.sock`)
  for (let tries = 0; tries < 2; tries++) {
    const server = await listen(path)
    if (server !== undefined) return () => new Promise((resolve) => server.close(() => resolve()))
    if (abstract || (await answers(path))) break
    disk.remove(path)
  }
  throw errors.create('STORE_LOCKED', { directory })
}

function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = systemNetwork.createServer({}, (socket: Socket) => socket.destroy())
    server.unref()
    server.once('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') resolve(undefined)
      else reject(error)
    })
    server.listen(path, () => resolve(server))
  })
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = systemNetwork.connect({ path })
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', () => resolve(false))
  })
}
