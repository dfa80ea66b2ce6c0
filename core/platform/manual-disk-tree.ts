/** What a `ManualDisk` is made of, and what is left of it after the power went. Pure. */

export type PendingWrite =
  | { readonly kind: 'write'; readonly position: number; readonly data: Buffer }
  | { readonly kind: 'truncate'; readonly sizeBytes: number }

export interface FileNode {
  readonly kind: 'file'
  /** Bytes as a reader sees them, up to `size`. */
  bytes: Buffer
  size: number
  /** Bytes at the last sync. */
  durable: Buffer
  /** Changes since, oldest first. */
  pending: PendingWrite[]
}

export type PendingName =
  | { readonly kind: 'set'; readonly name: string; readonly node: FileNode | DirectoryNode }
  | { readonly kind: 'unset'; readonly name: string }
  | { readonly kind: 'rename'; readonly from: string; readonly name: string; readonly node: FileNode | DirectoryNode }

export interface DirectoryNode {
  readonly kind: 'directory'
  names: Map<string, FileNode | DirectoryNode>
  /** Names at the last sync. */
  durable: Map<string, FileNode | DirectoryNode>
  pending: PendingName[]
}

export function emptyFile(): FileNode {
  return { kind: 'file', bytes: Buffer.alloc(0), size: 0, durable: Buffer.alloc(0), pending: [] }
}

export function emptyDirectory(): DirectoryNode {
  return { kind: 'directory', names: new Map(), durable: new Map(), pending: [] }
}

/** A copy of the tree as the next process finds it. 'process': everything; 'power': what was synced and what chance adds. */
export function survivors(root: DirectoryNode, kind: 'process' | 'power', random: () => number): DirectoryNode {
  const made = new Map<FileNode | DirectoryNode, FileNode | DirectoryNode>()
  const copy = (node: FileNode | DirectoryNode): FileNode | DirectoryNode => {
    const known = made.get(node)
    if (known !== undefined) return known
    if (node.kind === 'file') {
      const durable = kind === 'process' ? Buffer.from(node.bytes.subarray(0, node.size)) : leftOf(node, random)
      const file: FileNode = { kind: 'file', bytes: Buffer.from(durable), size: durable.length, durable, pending: [] }
      if (kind === 'process') {
        // Still only in the page cache: a later loss of power takes it.
        file.durable = Buffer.from(node.durable)
        file.pending = [...node.pending]
      }
      made.set(node, file)
      return file
    }
    const directory = emptyDirectory()
    made.set(node, directory)
    const names = kind === 'process' ? node.names : namesLeft(node, random)
    for (const [name, child] of names) directory.names.set(name, copy(child))
    if (kind === 'process') {
      for (const [name, child] of node.durable) directory.durable.set(name, copy(child))
      directory.pending = node.pending.map((change) =>
        change.kind === 'unset' ? change : { ...change, node: copy(change.node) },
      )
    } else directory.durable = new Map(directory.names)
    return directory
  }
  return copy(root) as DirectoryNode
}

function namesLeft(node: DirectoryNode, random: () => number): Map<string, FileNode | DirectoryNode> {
  const names = new Map(node.durable)
  // Names reach the device in their order.
  const count = Math.floor(random() * (node.pending.length + 1))
  for (const change of node.pending.slice(0, count)) {
    if (change.kind === 'unset') names.delete(change.name)
    else {
      if (change.kind === 'rename') names.delete(change.from)
      names.set(change.name, change.node)
    }
  }
  return names
}

/** Synced bytes, then some of the later writes; the last one that got through may be torn or be zeros of the right length. */
function leftOf(node: FileNode, random: () => number): Buffer {
  let bytes = node.durable
  const count = Math.floor(random() * (node.pending.length + 1))
  for (let i = 0; i < count; i++) {
    const change = node.pending[i]
    if (change.kind === 'truncate') bytes = Buffer.concat([bytes], change.sizeBytes)
    else {
      const last = i === count - 1
      const length = last ? Math.floor(random() * (change.data.length + 1)) : change.data.length
      const grown = Buffer.concat([bytes], Math.max(bytes.length, change.position + length))
      if (!last || random() < 0.8) grown.set(change.data.subarray(0, length), change.position)
      bytes = grown
    }
  }
  return Buffer.from(bytes)
}

export type DiskOperation =
  | 'write'
  | 'sync'
  | 'sync-directory'
  | 'rename'
  | 'remove'
  | 'create'
  | 'make-directory'
  | 'truncate'
  | 'read'
  /** Of a file that is there. */
  | 'open'

/** As the system's errors name them, where the name differs. */
const syscalls: Partial<Record<DiskOperation, string>> = {
  sync: 'fdatasync',
  'sync-directory': 'fsync',
  create: 'open',
}

/** As the operating system throws it. */
export function systemError(code: string, path: string, operation?: DiskOperation): NodeJS.ErrnoException {
  const syscall = operation === undefined ? undefined : (syscalls[operation] ?? operation)
  return Object.assign(new Error(`${code}: ${path}`), { code, path, syscall })
}

/** An open file. */
export interface Handle {
  readonly path: string
  readonly node: FileNode
  readonly writable: boolean
  position: number
}
