/**
 * What must hold after every effect in the storage: pointers and epochs only rise; every checkpoint that a pointer names is
 * whole; nothing that it names is deleted; an epoch belongs to one leader.
 */

import { fileHandles, type Manifest } from '../../proto/checkpoint/manifest.ts'
import { decodeManifest } from '../../proto/checkpoint/manifest-codec.ts'
import { decodePointer, type Pointer } from '../../proto/checkpoint/pointer.ts'
import type { SimulatedStorage, StorageEffect } from './storage.ts'
import type { World } from './world.ts'

const checkpoints = 'checkpoints/'

export class Watch {
  /** Of each job, as the storage has it. */
  readonly pointers = new Map<string, Pointer>()
  completed = 0
  readonly #world: World
  readonly #storage: SimulatedStorage
  readonly #epochs = new Map<string, number>()
  readonly #leaders = new Map<number, string>()

  constructor(world: World, storage: SimulatedStorage) {
    this.#world = world
    this.#storage = storage
    storage.watch = (effect) => this.#look(effect)
  }

  /** Epochs that somebody has led in. */
  get leaders(): number {
    return this.#leaders.size
  }

  #look(effect: StorageEffect): void {
    const { path } = effect
    if (effect.kind === 'delete') {
      this.#checkDeleted(path)
      return
    }
    if (path.startsWith(checkpoints) && path.endsWith('/pointer')) this.#checkPointer(path, effect.bytes)
    else if (path === 'leader') this.#checkLeader(effect.bytes)
    else if (/^jobs\/[^/]+\/record$/.test(path)) this.#checkRecord(path, effect.bytes)
  }

  #checkPointer(path: string, bytes: Uint8Array): void {
    const pointer = decodePointer(bytes, path)
    const { jobId, epoch, retained } = pointer
    const before = this.pointers.get(jobId)
    if (before !== undefined && epoch < before.epoch)
      this.#violated(`the pointer of ${jobId} fell from epoch ${before.epoch} to ${epoch}`)
    // None: the job has ended, and its checkpoints go.
    if (before?.retained[0] !== undefined && retained[0] !== undefined && retained[0] < before.retained[0]) {
      this.#violated(`the pointer of ${jobId} fell from checkpoint ${before.retained[0]} to ${retained[0]}`)
    }
    if (retained[0] !== undefined && retained[0] !== before?.retained[0]) {
      this.completed++
      this.#world.note('storage', `checkpoint ${retained[0]} of ${jobId} counts, epoch ${epoch}`)
    }
    this.pointers.set(jobId, pointer)
    for (const id of retained) if (before?.retained.includes(id) !== true) this.#checkWhole(jobId, id)
  }

  #checkWhole(jobId: string, id: number): void {
    const manifest = this.#manifest(jobId, id)
    if (manifest === undefined) {
      this.#violated(`checkpoint ${id} of ${jobId} counts and has no manifest`)
      return
    }
    for (const { path, bytes } of fileHandles(manifest)) {
      const found = this.#storage.objects.get(checkpoints + path)?.bytes.byteLength
      if (path !== '' && found !== bytes) this.#violated(`checkpoint ${id} of ${jobId} counts without ${path}`)
    }
  }

  #checkDeleted(path: string): void {
    for (const { jobId, retained } of this.pointers.values()) {
      for (const id of retained) {
        if (path === `${checkpoints}${jobId}/chk-${id}/manifest`)
          this.#violated(`the manifest of ${id}, which counts, was deleted`)
        const manifest = this.#manifest(jobId, id)
        if (manifest === undefined) continue
        for (const handle of fileHandles(manifest)) {
          if (checkpoints + handle.path === path) this.#violated(`${path} was deleted, checkpoint ${id} needs it`)
        }
      }
    }
  }

  #manifest(jobId: string, id: number): Manifest | undefined {
    const path = `${checkpoints}${jobId}/chk-${id}/manifest`
    const found = this.#storage.objects.get(path)
    return found === undefined ? undefined : decodeManifest(found.bytes, path)
  }

  #checkLeader(bytes: Uint8Array): void {
    const { epoch, address } = JSON.parse(Buffer.from(bytes).toString()) as { epoch: number; address: string }
    this.#rises('the epoch of leaders', 'leader', epoch)
    const known = this.#leaders.get(epoch)
    if (known !== undefined && known !== address)
      this.#violated(`${known} and ${address} both lead with epoch ${epoch}`)
    if (known === undefined) this.#world.note('storage', `${address} is the leader of epoch ${epoch}`)
    this.#leaders.set(epoch, address)
  }

  #checkRecord(path: string, bytes: Uint8Array): void {
    const { epoch } = JSON.parse(Buffer.from(bytes).toString()) as { epoch: number }
    this.#rises('the epoch of a record', path, epoch)
  }

  #rises(what: string, key: string, epoch: number): void {
    const before = this.#epochs.get(key) ?? 0
    if (epoch < before) this.#violated(`${what} fell from ${before} to ${epoch} (${key})`)
    this.#epochs.set(key, Math.max(epoch, before))
  }

  #violated(what: string): void {
    this.#world.violated(what)
  }
}
