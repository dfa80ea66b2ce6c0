/**
 * A disk in memory that behaves as badly as a real one may: what was not synced can be lost, torn, or read back as zeros when the
 * power goes; names that were not synced with their directory can be lost; any operation can fail, or be the last one before
 * the end. `manual-clock.ts` is the same for time.
 *
 * After `crash` this object answers nothing any more (the process is gone); the disk that `crash` returns has what was left. Not for
 * use from more than one thread.
 */
import { posix } from 'node:path'
import type { Disk, DiskSpace, FileStat, OpenMode } from './disk.ts'
import {
  type DirectoryNode,
  type DiskOperation,
  emptyDirectory,
  emptyFile,
  type FileNode,
  type Handle,
  survivors,
  systemError,
} from './manual-disk-tree.ts'

export type { DiskOperation }

export interface ManualDiskOptions {
  /** Chance for torn and lost writes: 0 up to 1, exclusive. Default: everything that may be lost is. */
  readonly random?: () => number
  /** Called before each operation; a name such as 'ENOSPC' makes it fail so. */
  readonly fail?: (operation: DiskOperation, path: string) => string | undefined
  /** Asynchronous operations wait for what this returns. */
  readonly gate?: (operation: DiskOperation, path: string) => Promise<void> | undefined
}

export class ManualDisk implements Disk {
  readonly #known: object[] = []
  /** Operations that change something, syncs included, so far. */
  operations = 0
  /** The power goes during the operation of this number, counted from 1. */
  crashAt = Number.POSITIVE_INFINITY
  /** Called before each operation, as the option says; may be replaced at any time. */
  fail: ((operation: DiskOperation, path: string) => string | undefined) | undefined
  gate: ((operation: DiskOperation, path: string) => Promise<void> | undefined) | undefined
  readonly #root: DirectoryNode
  readonly #random: () => number
  readonly #handles = new Map<number, Handle>()
  #nextHandle = 3
  #temporary = 0
  #crashed = false
  readonly #idOf = (node: object): string => {
    const at = this.#known.indexOf(node)
    return String(at >= 0 ? at : this.#known.push(node) - 1)
  }

  constructor(options: ManualDiskOptions = {}, root: DirectoryNode = emptyDirectory()) {
    this.#root = root
    this.#random = options.random ?? (() => 0)
    this.fail = options.fail
    this.gate = options.gate
  }

  get crashed(): boolean {
    return this.#crashed
  }

  /** Files that are open now. */
  get openFiles(): number {
    return this.#handles.size
  }

  /**
   * The end. 'process': all that was written is there (kill -9). 'power': synced bytes and names, and of the rest what chance leaves: for
   * each file some of the later writes, the last of them torn, perhaps zeros in the place of bytes.
   */
  crash(kind: 'process' | 'power'): ManualDisk {
    this.#crashed = true
    return new ManualDisk({ random: this.#random }, survivors(this.#root, kind, this.#random))
  }

  /** Changes one byte, as a failing medium does. */
  flipByte(path: string, position: number): void {
    const node = this.#file(path)
    node.bytes[position] ^= 0x40
    if (position < node.durable.length) node.durable[position] ^= 0x40
  }

  absolute(path: string): string {
    return posix.resolve('/', path)
  }

  exists(path: string): boolean {
    this.#alive()
    return this.#find(path) !== undefined
  }

  stat(path: string): FileStat | undefined {
    this.#alive()
    const node = this.#find(path)
    if (node === undefined) return undefined
    const file = node.kind === 'file'
    return { sizeBytes: file ? node.size : 0, modifiedMs: 0, isDirectory: !file, id: this.#idOf(node) }
  }

  list(path: string): string[] {
    this.#alive()
    return [...this.#directory(path).names.keys()].sort()
  }

  read(path: string): Buffer {
    this.#before('read', path)
    const node = this.#file(path)
    return Buffer.from(node.bytes.subarray(0, node.size))
  }

  write(path: string, data: Uint8Array | string): void {
    const file = this.open(path, 'w')
    try {
      this.#write(file, typeof data === 'string' ? Buffer.from(data) : data, 0)
    } finally {
      this.close(file)
    }
  }

  appendFile(path: string, data: Uint8Array | string): void {
    const file = this.open(path, 'a')
    try {
      this.#write(file, typeof data === 'string' ? Buffer.from(data) : data, this.sizeOf(file))
    } finally {
      this.close(file)
    }
  }

  makeDirectory(path: string): void {
    const parts = this.absolute(path)
      .split('/')
      .filter((part) => part !== '')
    let at = this.#root
    for (const part of parts) {
      let next = at.names.get(part)
      if (next === undefined) {
        this.#before('make-directory', path)
        next = emptyDirectory()
        at.names.set(part, next)
        at.pending.push({ kind: 'set', name: part, node: next })
      }
      if (next.kind !== 'directory') throw systemError('ENOTDIR', path)
      at = next
    }
  }

  rename(from: string, to: string): void {
    this.#before('rename', from)
    const node = this.#find(from)
    if (node === undefined) throw systemError('ENOENT', from)
    const source = this.#directory(posix.dirname(this.absolute(from)))
    const target = this.#directory(posix.dirname(this.absolute(to)))
    const [old, name] = [posix.basename(from), posix.basename(to)]
    source.names.delete(old)
    target.names.set(name, node)
    if (source === target) source.pending.push({ kind: 'rename', from: old, name, node })
    else {
      target.pending.push({ kind: 'set', name, node })
      source.pending.push({ kind: 'unset', name: old })
    }
  }

  link(from: string, to: string): void {
    this.#before('create', to)
    if (this.#find(to) !== undefined) throw systemError('EEXIST', to)
    const target = this.#directory(posix.dirname(this.absolute(to)))
    const node = this.#file(from)
    target.names.set(posix.basename(to), node)
    target.pending.push({ kind: 'set', name: posix.basename(to), node })
  }

  remove(path: string): void {
    this.#alive()
    const node = this.#find(path)
    if (node === undefined) return
    if (node.kind === 'directory') for (const name of [...node.names.keys()]) this.remove(posix.join(path, name))
    this.#before('remove', path)
    const parent = this.#directory(posix.dirname(this.absolute(path)))
    parent.names.delete(posix.basename(path))
    parent.pending.push({ kind: 'unset', name: posix.basename(path) })
  }

  removeDirectory(path: string): void {
    if (this.#directory(path).names.size > 0) throw systemError('ENOTEMPTY', path)
    this.remove(path)
  }

  open(path: string, mode: OpenMode): number {
    this.#alive()
    let node = this.#find(path)
    if (node?.kind === 'directory') throw systemError('EISDIR', path)
    if (node === undefined) {
      if (mode === 'r' || mode === 'r+') throw systemError('ENOENT', path)
      const parent = this.#directory(posix.dirname(this.absolute(path)))
      this.#before('create', path)
      node = emptyFile()
      parent.names.set(posix.basename(path), node)
      parent.pending.push({ kind: 'set', name: posix.basename(path), node })
    } else if (mode === 'wx' || mode === 'wx+') throw systemError('EEXIST', path)
    else this.#before('open', path)
    if ((mode === 'w' || mode === 'w+') && node.size > 0) this.#truncate(path, node, 0)
    const file = this.#nextHandle++
    this.#handles.set(file, { path, node, writable: mode !== 'r', position: mode === 'a' ? node.size : 0 })
    return file
  }

  close(file: number): void {
    if (!this.#handles.delete(file) && !this.#crashed) throw systemError('EBADF', String(file))
  }

  readAt(file: number, into: Uint8Array, offset: number, length: number, position: number | null): number {
    const handle = this.#handle(file)
    this.#before('read', handle.path)
    const at = position ?? handle.position
    const count = Math.max(0, Math.min(length, handle.node.size - at))
    into.set(handle.node.bytes.subarray(at, at + count), offset)
    if (position === null) handle.position += count
    return count
  }

  writeAt(file: number, from: Uint8Array, offset: number, length: number, position: number | null): void {
    const handle = this.#handle(file)
    this.#write(file, from.subarray(offset, offset + length), position ?? handle.position)
    if (position === null) handle.position += length
  }

  writevAt(file: number, buffers: readonly Uint8Array[], position: number): void {
    this.#write(file, Buffer.concat(buffers), position)
  }

  sizeOf(file: number): number {
    this.#alive()
    return this.#handle(file).node.size
  }

  idOf(file: number): string {
    return this.#idOf(this.#handle(file).node)
  }

  truncate(file: number, sizeBytes: number): void {
    const handle = this.#handle(file)
    this.#truncate(handle.path, handle.node, sizeBytes)
  }

  sync(file: number): void {
    const handle = this.#handle(file)
    this.#sync(handle, handle.node.pending.length)
  }

  syncDirectory(path: string): void {
    this.#before('sync-directory', path)
    const node = this.#directory(path)
    node.durable = new Map(node.names)
    node.pending = []
  }

  writeAtomic(path: string, data: Uint8Array | string): void {
    const temporary = `${path}.${this.#temporary++}.tmp`
    const file = this.open(temporary, 'w')
    try {
      this.#write(file, typeof data === 'string' ? Buffer.from(data) : data, 0)
      this.sync(file)
    } finally {
      this.close(file)
    }
    this.rename(temporary, path)
    this.syncDirectory(posix.dirname(this.absolute(path)))
  }

  async readAsync(path: string): Promise<Buffer> {
    await this.gate?.('read', path)
    return this.read(path)
  }

  async writeAsync(path: string, data: Uint8Array | string): Promise<void> {
    await this.gate?.('write', path)
    this.write(path, data)
  }

  async writeAtomicAsync(path: string, data: Uint8Array | string): Promise<void> {
    await this.gate?.('write', path)
    this.writeAtomic(path, data)
  }

  async appendAsync(path: string, data: Uint8Array | string): Promise<void> {
    await this.gate?.('write', path)
    this.appendFile(path, data)
  }

  async listAsync(path: string): Promise<string[]> {
    return this.list(path)
  }

  async statAsync(path: string): Promise<FileStat | undefined> {
    return this.stat(path)
  }

  async makeDirectoryAsync(path: string): Promise<void> {
    this.makeDirectory(path)
  }

  async renameAsync(from: string, to: string): Promise<void> {
    await this.gate?.('rename', from)
    this.rename(from, to)
  }

  async removeAsync(path: string): Promise<void> {
    await this.gate?.('remove', path)
    this.remove(path)
  }

  async syncAsync(file: number): Promise<void> {
    const handle = this.#handle(file)
    // What is written from here on is not part of this sync.
    const writes = handle.node.pending.length
    await this.gate?.('sync', handle.path)
    this.#sync(handle, writes)
  }

  async syncDirectoryAsync(path: string): Promise<void> {
    await this.gate?.('sync-directory', path)
    this.syncDirectory(path)
  }

  async readAtAsync(file: number, into: Uint8Array, offset: number, length: number, position: number): Promise<number> {
    await this.gate?.('read', this.#handle(file).path)
    return this.readAt(file, into, offset, length, position)
  }

  readonly spaceAsync = async (): Promise<DiskSpace> => ({ totalBytes: 2 ** 40, usableBytes: 2 ** 39 })

  makeTemporaryDirectory(prefix: string): string {
    const path = `${prefix}${this.#temporary++}`
    this.makeDirectory(path)
    return path
  }

  watch(): { close(): void } {
    return { close: () => undefined }
  }

  #alive(): void {
    if (this.#crashed) throw systemError('ECRASHED', 'the process is gone')
  }

  #before(operation: DiskOperation, path: string): void {
    this.#alive()
    const code = this.fail?.(operation, path)
    if (code !== undefined) throw systemError(code, path, operation)
    if (operation === 'read' || operation === 'open') return
    this.operations++
    if (this.operations >= this.crashAt && operation !== 'write') this.#end(path)
  }

  #end(path: string): never {
    this.#crashed = true
    throw systemError('ECRASHED', path)
  }

  #write(file: number, data: Uint8Array, position: number): void {
    const handle = this.#handle(file)
    if (!handle.writable) throw systemError('EBADF', handle.path)
    this.#before('write', handle.path)
    const last = this.operations >= this.crashAt
    const count = last ? Math.floor(this.#random() * (data.length + 1)) : data.length
    const { node } = handle
    if (position + count > node.bytes.length) {
      const grown = Buffer.alloc(Math.max(64, (position + count) * 2))
      grown.set(node.bytes.subarray(0, node.size))
      node.bytes = grown
    }
    node.bytes.set(data.subarray(0, count), position)
    node.size = Math.max(node.size, position + count)
    node.pending.push({ kind: 'write', position, data: Buffer.from(data.subarray(0, count)) })
    if (last) this.#end(handle.path)
  }

  #truncate(path: string, node: FileNode, sizeBytes: number): void {
    this.#before('truncate', path)
    if (sizeBytes > node.bytes.length) node.bytes = Buffer.concat([node.bytes], sizeBytes)
    node.bytes.fill(0, Math.min(sizeBytes, node.size))
    node.size = sizeBytes
    node.pending.push({ kind: 'truncate', sizeBytes })
  }

  #sync(handle: Handle, writes: number): void {
    const { node } = handle
    try {
      this.#before('sync', handle.path)
    } catch (error) {
      // As Linux does it: the pages count as clean, so that a later sync says nothing of them.
      if (!this.#crashed) node.pending.splice(0, writes)
      throw error
    }
    if (writes === node.pending.length) {
      node.durable = Buffer.from(node.bytes.subarray(0, node.size))
      node.pending = []
    } else {
      for (const change of node.pending.splice(0, writes)) {
        if (change.kind === 'truncate') node.durable = Buffer.concat([node.durable], change.sizeBytes)
        else {
          const size = Math.max(node.durable.length, change.position + change.data.length)
          node.durable = Buffer.concat([node.durable], size)
          node.durable.set(change.data, change.position)
        }
      }
    }
  }

  #handle(file: number): Handle {
    this.#alive()
    const handle = this.#handles.get(file)
    if (handle === undefined) throw systemError('EBADF', String(file))
    return handle
  }

  #find(path: string): FileNode | DirectoryNode | undefined {
    let at: FileNode | DirectoryNode | undefined = this.#root
    for (const part of this.absolute(path).split('/')) {
      if (part === '') continue
      if (at?.kind !== 'directory') return undefined
      at = at.names.get(part)
    }
    return at
  }

  #file(path: string): FileNode {
    const node = this.#find(path)
    if (node === undefined) throw systemError('ENOENT', path)
    if (node.kind !== 'file') throw systemError('EISDIR', path)
    return node
  }

  #directory(path: string): DirectoryNode {
    const node = this.#find(path)
    if (node === undefined) throw systemError('ENOENT', path)
    if (node.kind !== 'directory') throw systemError('ENOTDIR', path)
    return node
  }
}
