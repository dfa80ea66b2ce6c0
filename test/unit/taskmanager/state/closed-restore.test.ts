/** State that is closed while it opens, as that of an attempt is which is cancelled then: nothing of it goes on or stays behind. */
import { existsSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import type { Snapshotting, StateBackendOptions, WindowAggregate } from '../../../../taskmanager/state/api.ts'
import { createKeyedStateBackend } from '../../../../taskmanager/state/backend.ts'
import { createSessionStore } from '../../../../taskmanager/state/sessions/session-store.ts'
import { createWindowStore } from '../../../../taskmanager/state/windows/window-store.ts'
import { checkpointDirectory, HandClock, Subtasks, testHash } from './support.ts'

const directory = checkpointDirectory()
afterAll(directory.remove)

/** Every look at it takes a while: each step of a restore is a slice of its own. */
class SlowClock extends HandClock {
  #nowMs = 0

  override monotonic(): number {
    this.#nowMs += 5
    return this.#nowMs
  }
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const keys = Array.from({ length: 3000 }, (_, i) => i)
const rows = {
  keys,
  hashes: Int32Array.from(keys, testHash),
  rows: keys.map(() => ({})),
  timestamps: new Float64Array(keys.length),
}
const count: WindowAggregate = { kind: 'declared', aggregates: [{ as: 'n', fn: 'count' }] }
const addTo = (store: ReturnType<typeof createWindowStore | typeof createSessionStore>): number =>
  store.addRows(rows, keys.length, Number.NEGATIVE_INFINITY, new Int32Array(keys.length))

type Filled = Snapshotting & { fill(): void }
const stores: Readonly<Record<string, (options: StateBackendOptions) => Filled>> = {
  'keyed state': (options) => {
    const backend = createKeyedStateBackend(options)
    const counts = backend.accumulators('n', count.aggregates)
    const fill = (): void => counts.updateRows(backend.resolveRows(rows, keys.length), keys.length, rows.rows)
    return Object.assign(backend, { fill })
  },
  windows: (options) => {
    const store = createWindowStore({ ...options, name: 'w', aggregate: count, paneMs: 5, offsetMs: 0 })
    return Object.assign(store, { fill: () => addTo(store) })
  },
  sessions: (options) => {
    const store = createSessionStore({ ...options, name: 's', aggregate: count, gapMs: 5, keepMs: 0 })
    return Object.assign(store, { fill: () => addTo(store) })
  },
}

/** What a restore of a snapshot of many keys is given. */
async function snapshotOf(make: (options: StateBackendOptions) => Filled): Promise<StateBackendOptions> {
  let given: StateBackendOptions | undefined
  const subtasks = new Subtasks(directory.path, 'number', (options) => {
    given = options
    return make(options)
  })
  await subtasks.start(1)
  subtasks.stores[0].fill()
  await subtasks.begin().end('complete')
  await subtasks.start(1)
  subtasks.stores[0].close()
  return { ...(given as StateBackendOptions), clock: new SlowClock() }
}

describe.each(Object.entries(stores))('%s that is closed', (name, make) => {
  test('restores no further', async () => {
    const store = make(await snapshotOf(make))
    const opened = store.open()
    await turn()
    store.close()
    await expect(opened).rejects.toMatchObject({ code: 'STATE_CLOSED' })
  })

  test.each([0, 1, 3])('leaves no RocksDB behind, %i turns after it began to open', async (turns) => {
    const rocksdb = { directory: `${directory.path}/${name.replace(' ', '-')}-${turns}`, memoryBytes: 1 << 20 }
    const store = make({ ...(await snapshotOf(make)), rocksdb })
    const opened = store.open()
    for (let i = 0; i < turns; i++) await turn()
    store.close()
    await expect(opened).rejects.toMatchObject({ code: 'STATE_CLOSED' })
    while (existsSync(rocksdb.directory)) await turn()
  })
})
