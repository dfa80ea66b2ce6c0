/** Sinks: nothing counts before its checkpoint is complete, everything counts after it, once it is committed again at most. */
import { afterEach, describe, expect, it } from 'vitest'
import { t } from '../../../../sdk/index.ts'
import type { Sink, SinkContext, SinkWriter } from '../../../../sdk/sink.ts'
import { type HarnessOptions, OperatorHarness } from '../../../support/operator-harness.ts'

interface Committable {
  readonly checkpoint: number | null
  readonly rows: readonly unknown[]
}

/** Keeps what is written until it is committed. */
class TestSink implements Sink<unknown, Committable, { written: number }> {
  readonly kind = 'sink'
  readonly name = 'test'
  readonly guarantee = 'exactly-once'
  readonly commits: Committable[][] = []
  readonly restored: (readonly { written: number }[])[] = []
  readonly contexts: SinkContext[] = []
  readonly times: number[][] = []
  closed = 0
  full = false
  discards = false
  skipped = 0
  /** A commit waits for this. */
  gate: Promise<void> | undefined
  failing = false
  readonly discarded: { readonly checkpointId: number; readonly withinMs: number }[] = []

  createWriter(
    context: SinkContext,
    restored: readonly { written: number }[],
  ): SinkWriter<unknown, Committable, { written: number }> {
    this.contexts.push(context)
    this.restored.push(restored)
    let rows: unknown[] = []
    let written = 0
    return {
      discards: this.discards,
      ready: () => !this.full,
      write: (records, timestamps) => {
        rows.push(...records)
        written += records.length
        this.times.push(Array.from(timestamps))
      },
      skip: (count) => {
        this.skipped += count
      },
      prepareCommit: (checkpoint) => {
        if (rows.length === 0) return []
        const committable = { checkpoint: Number.isFinite(checkpoint) ? checkpoint : null, rows }
        rows = []
        return [committable]
      },
      snapshot: () => [{ written }],
      discard: (checkpointId, withinMs) => {
        this.discarded.push({ checkpointId, withinMs })
      },
      close: () => {
        this.closed++
      },
    }
  }

  async commit(committables: readonly Committable[]): Promise<void> {
    await this.gate
    if (this.failing) throw new Error('the other side is away')
    this.commits.push([...committables])
  }

  get committed(): unknown[] {
    return this.commits.flat().flatMap(({ rows }) => rows)
  }
}

let harness: OperatorHarness | undefined
afterEach(async () => {
  const last = harness
  harness = undefined
  await last?.close()
})
const run = (sink: Sink<unknown>, options: HarnessOptions = {}): Promise<OperatorHarness> => {
  harness = OperatorHarness.of((stream) => void stream.to(sink, { uid: 'out' }), options)
  return harness.start()
}

describe('a sink', () => {
  it('commits nothing before the checkpoint is complete', async () => {
    const sink = new TestSink()
    const h = await run(sink as Sink<unknown>)
    h.rows([1, 2]).columns([3])
    await h.checkpoint('unknown')
    expect(sink.committed).toEqual([])
    h.rows([4])
    await h.checkpoint()
    expect(sink.commits).toEqual([[{ checkpoint: 1, rows: [1, 2, 3] }], [{ checkpoint: 2, rows: [4] }]])
  })

  it('commits again what the checkpoint holds after a restart, at whatever parallelism', async () => {
    const sink = new TestSink()
    const h = await run(sink as Sink<unknown>)
    h.rows([1, 2])
    await h.checkpoint('unknown')
    h.rows(['lost'])
    await h.start(3)
    expect(sink.commits).toEqual([[{ checkpoint: 1, rows: [1, 2] }]])
    h.rows([3])
    await h.checkpoint()
    expect(sink.committed).toEqual([1, 2, 3])
    await h.start(1)
    // Idempotent by contract.
    expect(sink.committed).toEqual([1, 2, 3, 3])
  })

  it('gives what was prepared for an aborted checkpoint to the next one', async () => {
    const sink = new TestSink()
    const h = await run(sink as Sink<unknown>)
    h.rows([1])
    await h.checkpoint('abort')
    h.rows([2])
    await h.checkpoint('abort')
    h.rows([3])
    const manifest = await h.checkpoint('unknown')
    expect(manifest.operators.find(({ uid }) => uid === 'out')?.subtasks[0].committables).toEqual([
      { checkpoint: 1, rows: [1] },
      { checkpoint: 2, rows: [2] },
      { checkpoint: 3, rows: [3] },
    ])
    expect(sink.commits).toEqual([])
    await h.start()
    expect(sink.committed).toEqual([1, 2, 3])
  })

  it('commits in the order of the checkpoints, one after the other', async () => {
    const sink = new TestSink()
    const h = await run(sink as Sink<unknown>)
    let open = (): void => undefined
    sink.gate = new Promise((resolve) => {
      open = resolve
    })
    const { operator } = h.subtasks[0]
    h.rows([1])
    await operator.snapshot?.(1)
    h.rows([2])
    await operator.snapshot?.(2)
    const first = operator.notifyCheckpointComplete?.(1)
    const second = operator.notifyCheckpointComplete?.(2)
    h.rows([3])
    open()
    await Promise.all([first, second])
    expect(sink.commits).toEqual([[{ checkpoint: 1, rows: [1] }], [{ checkpoint: 2, rows: [2] }]])
  })

  it('keeps what could not be committed, and fails the task', async () => {
    const sink = new TestSink()
    const h = await run(sink as Sink<unknown>)
    h.rows([1])
    sink.failing = true
    await expect(h.checkpoint()).rejects.toThrow('away')
    sink.failing = false
    await h.start()
    expect(sink.committed).toEqual([1])
  })

  it('without checkpoints commits at the end of its input', async () => {
    const sink = new TestSink()
    const h = await run(sink as Sink<unknown>, { checkpoints: false })
    expect(sink.contexts[0].checkpointing).toBe(false)
    h.rows([1])
    await h.subtasks[0].operator.finish?.()
    expect(sink.commits).toEqual([[{ checkpoint: null, rows: [1] }]])
  })

  it('with checkpoints leaves the end of its input to the last one', async () => {
    const sink = new TestSink()
    const h = await run(sink as Sink<unknown>)
    h.rows([1])
    await h.subtasks[0].operator.finish?.()
    expect(sink.commits).toEqual([])
    await h.checkpoint()
    expect(sink.committed).toEqual([1])
  })

  it('hands the state of each writer to one of its successors', async () => {
    const sink = new TestSink()
    const h = await run(sink as Sink<unknown>)
    h.rows([1, 2])
    await h.restart(2)
    expect(sink.restored.slice(1)).toEqual([[{ written: 2 }], []])
    await h.restart(1)
    expect(sink.restored.at(-1)).toHaveLength(2)
  })

  it('gives records and times as they are, of selections as well', async () => {
    const sink = new TestSink()
    const h = await run(sink as Sink<unknown>, { type: t.object({ n: t.float64() }) })
    const rows = [0, 1, 2, 3].map((n) => ({ n }))
    h.columns(rows, { timestamps: [10, 11, 12, 13], selection: [1, 3] })
    h.columns(rows.slice(0, 1))
    h.rows(rows.slice(2), { timestamps: [12, Number.NaN] })
    await h.checkpoint()
    expect(sink.committed).toEqual([rows[1], rows[3], rows[0], rows[2], rows[3]])
    expect(sink.times).toEqual([[11, 13], [], [12, Number.NaN]])
  })

  it('that looks at nothing only counts', async () => {
    const sink = new TestSink()
    sink.discards = true
    const h = await run(sink as Sink<unknown>)
    h.columns([1, 2, 3], { selection: [0, 2] }).rows([1])
    expect(sink.skipped).toBe(3)
    expect(h.subtasks[0].metrics.recordsIn).toBe(3)
  })

  it('takes no more while it is full, and is closed once', async () => {
    const sink = new TestSink()
    const h = await run(sink as Sink<unknown>)
    sink.full = true
    expect(h.subtasks[0].operator.ready?.()).toBe(false)
    sink.full = false
    expect(h.subtasks[0].operator.ready?.()).toBe(true)
    sink.contexts[0].wake()
    expect(h.subtasks[0].wakes).toBe(1)
    sink.contexts[0].print('a line')
    expect(h.printed).toEqual(['a line'])
    await h.close()
    expect(sink.closed).toBe(1)
  })

  describe('at the end of its job', () => {
    /** Prepared for checkpoints 1, 2 and 3, none of which is known to be complete. */
    const prepared = async (sink: TestSink): Promise<OperatorHarness> => {
      const h = await run(sink as Sink<unknown>)
      for (const row of [1, 2, 3]) {
        h.rows([row])
        await h.subtasks[0].operator.snapshot?.(row)
      }
      return h
    }

    it('commits what the newest snapshot holds, and then drops what is behind it', async () => {
      for (const newest of [0, 1, 2, 3]) {
        const sink = new TestSink()
        const h = await prepared(sink)
        await h.subtasks[0].operator.settle?.(newest)
        expect(sink.committed).toEqual([1, 2, 3].slice(0, newest))
        expect(sink.discarded).toEqual([{ checkpointId: newest, withinMs: expect.any(Number) }])
        await h.close()
        expect(sink.committed).toEqual([1, 2, 3].slice(0, newest))
      }
    })

    it('drops nothing when another attempt may follow', async () => {
      const sink = new TestSink()
      const h = await prepared(sink)
      await h.close()
      expect(sink.commits).toEqual([])
      expect(sink.discarded).toEqual([])
    })

    it('waits for a commit that has begun, and tries one again that failed', async () => {
      const sink = new TestSink()
      const h = await prepared(sink)
      const { operator } = h.subtasks[0]
      sink.failing = true
      await expect(operator.notifyCheckpointComplete?.(1)).rejects.toThrow('away')
      sink.failing = false
      let open = (): void => undefined
      sink.gate = new Promise((resolve) => {
        open = resolve
      })
      const settled = operator.settle?.(2)
      expect(sink.discarded).toEqual([])
      open()
      await settled
      expect(sink.committed).toEqual([1, 2])
      expect(sink.discarded).toHaveLength(1)
    })

    it('is not held up by a commit that fails, and still drops what is behind it', async () => {
      const sink = new TestSink()
      const h = await prepared(sink)
      sink.failing = true
      await h.subtasks[0].operator.settle?.(2)
      expect(sink.commits).toEqual([])
      expect(sink.discarded).toMatchObject([{ checkpointId: 2 }])
    })

    it('commits what it was restored with and could not commit yet', async () => {
      const sink = new TestSink()
      const h = await run(sink as Sink<unknown>)
      h.rows([1])
      await h.checkpoint('unknown')
      sink.failing = true
      await expect(h.start()).rejects.toThrow('away')
      sink.failing = false
      expect(sink.committed).toEqual([])
      await h.subtasks[0].operator.settle?.(0)
      expect(sink.committed).toEqual([1])
    })
  })
})
