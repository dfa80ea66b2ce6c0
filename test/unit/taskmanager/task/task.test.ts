import { describe, expect, it } from 'vitest'
import { pair } from './support.ts'

const settle = async (): Promise<void> => {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

describe('a subtask', () => {
  it('ends with its input: time runs out, results come, everyone is finished', () => {
    const { log, run, failures } = pair(2)
    run()
    expect(log).toEqual([
      'row 0',
      'watermark 0',
      'source finish',
      'source finished',
      'row 1',
      // The one before waits in the channel and gives way to it.
      'watermark Infinity',
      'finish',
      'sink finished',
    ])
    expect(failures).toEqual([])
  })

  it('takes a checkpoint between two records, and acknowledges after the asynchronous part', async () => {
    const { log, run, source, sourceTask } = pair(2)
    source.paused = true
    run()
    sourceTask.trigger(1, undefined)
    source.paused = false
    run()
    expect(log).toEqual(['source snapshot 1 at 0', 'snapshot 1'])
    await settle()
    sourceTask.wake()
    run()
    expect(log).toContain('row 1')
    expect(log).toContain('source ack 1')
    expect(log).toContain('sink ack 1')
  })

  it('still answers checkpoints when it is finished', async () => {
    const { log, run, sourceTask } = pair(1)
    run()
    log.length = 0
    sourceTask.trigger(4, undefined)
    run()
    await settle()
    expect(log).toEqual(['source snapshot 4 at 1', 'snapshot 4', 'source ack 4 finished', 'sink ack 4 finished'])
  })

  it('declines a checkpoint that fails and goes on', async () => {
    const { log, run, sink, sourceTask } = pair(3)
    sink.snapshotFails = true
    sourceTask.trigger(1, undefined)
    run()
    await settle()
    expect(log.filter((line) => line.includes('decline'))).toEqual([
      'sink decline 1: checkpoint 1 failed in v: no space left',
    ])
    expect(sink.rows).toEqual([0, 1, 2])
  })

  it('declines a checkpoint that cannot be acknowledged', async () => {
    const { log, run, sourceTask } = pair(1, {
      acknowledging: () => {
        throw new Error('no space left')
      },
    })
    sourceTask.trigger(1, undefined)
    run()
    await settle()
    expect(log.filter((line) => line.includes('decline')).sort()).toEqual([
      'sink decline 1: no space left',
      'source decline 1: no space left',
    ])
  })

  it('suspended reads nothing more, and ends without results once the savepoint is complete and committed', async () => {
    const { log, run, sink, source, sourceTask, sinkTask } = pair(100)
    source.paused = true
    run()
    sourceTask.trigger(1, 'suspend')
    source.paused = false
    run()
    await settle()
    expect(sink.rows).toEqual([])
    expect(log).not.toContain('source finished')
    const commit = Promise.withResolvers<void>()
    sink.commit = commit.promise
    sourceTask.checkpointComplete(1)
    sinkTask.checkpointComplete(1)
    run()
    await settle()
    expect(log).toContain('source finished')
    expect(log).not.toContain('sink finished')
    commit.resolve()
    await settle()
    run()
    expect(log).toContain('sink finished')
    expect(log).not.toContain('finish')
    expect(log).not.toContain('watermark Infinity')
  })

  it('suspended does nothing that its checkpoint does not have, and all of it when that is given up', async () => {
    for (const first of ['the barriers', 'the trigger'] as const) {
      const { clock, log, run, source, sourceTask, sinkTask } = pair(100)
      source.paused = true
      sinkTask.wakeTimes[0] = clock.now() + 10
      if (first === 'the trigger') sinkTask.trigger(1, 'suspend')
      sourceTask.trigger(1, 'suspend')
      run()
      if (first === 'the barriers') sinkTask.trigger(1, 'suspend')
      expect(log).toContain('snapshot 1')
      clock.advance(20)
      expect(sinkTask.wakeAtMs).toBe(Number.POSITIVE_INFINITY)
      sinkTask.processTime(clock.now())
      expect(log.filter((line) => line.startsWith('time'))).toEqual([])
      for (const task of [sourceTask, sinkTask]) task.checkpointAborted(1)
      sinkTask.processTime(clock.now())
      expect(log.filter((line) => line.startsWith('time'))).toHaveLength(1)
      await settle()
    }
  })

  it('goes on reading when the savepoint it stopped for is given up', async () => {
    const { run, sink, sourceTask, sinkTask } = pair(3)
    sourceTask.trigger(1, 'suspend')
    run()
    expect(sink.rows).toEqual([])
    sourceTask.checkpointAborted(1)
    sinkTask.checkpointAborted(1)
    run()
    await settle()
    expect(sink.rows).toEqual([0, 1, 2])
  })

  it('drained gives all results before its last checkpoint and is finished when that is complete', async () => {
    const { log, run, source, sourceTask, sinkTask } = pair(100)
    source.paused = true
    run()
    sourceTask.trigger(1, 'drain')
    run()
    await settle()
    expect(log).toEqual([
      'source finish',
      'source snapshot 1 at 0',
      'watermark Infinity',
      'finish',
      'snapshot 1',
      'source ack 1 finished',
      'sink ack 1 finished',
    ])
    sourceTask.checkpointComplete(1)
    sinkTask.checkpointComplete(1)
    run()
    expect(log.slice(-3)).toEqual(
      ['complete 1', 'source finished', 'sink finished'].toSorted((a, b) => log.indexOf(a) - log.indexOf(b)),
    )
  })

  it('with checkpoints, a source that has ended lets time run out and waits for the drain', async () => {
    const { log, run, sourceTask, sinkTask } = pair(1, { awaitsDrain: true })
    run()
    expect(log).toEqual(['row 0', 'source ended', 'watermark Infinity'])
    sourceTask.trigger(1, undefined)
    sourceTask.trigger(2, 'drain')
    run()
    await settle()
    sourceTask.checkpointComplete(2)
    sinkTask.checkpointComplete(2)
    run()
    expect(log).toContain('source finished')
    expect(log).toContain('sink finished')
  })

  it('is called again with a watermark that it took in part before anything else', () => {
    const { log, run, sink } = pair(2)
    sink.slices = 3
    run()
    expect(log.filter((line) => !line.startsWith('source'))).toEqual([
      'row 0',
      'watermark 0',
      'watermark 0',
      'watermark 0',
      'row 1',
      'watermark Infinity',
      'watermark Infinity',
      'watermark Infinity',
      'finish',
      'sink finished',
    ])
  })

  it('waits for an operator that is not ready, and counts that as backpressure', () => {
    const { clock, sink, sourceTask, sinkTask, run } = pair(100, { capacity: 2 })
    sink.isReady = false
    run()
    expect(sink.rows).toEqual([])
    clock.advance(50)
    run()
    const source = sourceTask.time.snapshot(clock.monotonic())
    expect(source.backpressuredMs).toBe(50)
    expect(sinkTask.step(clock.monotonic())).toBe('blocked')
    sink.isReady = true
    run()
    expect(sink.rows).toHaveLength(100)
  })

  it('accounts for all the time there is', () => {
    const { clock, source, sourceTask, run } = pair(100)
    source.paused = true
    run()
    clock.advance(30)
    run()
    const { busyMs, idleMs, backpressuredMs } = sourceTask.time.snapshot(clock.monotonic())
    expect(busyMs + idleMs + backpressuredMs).toBe(30)
    expect(idleMs).toBe(30)
  })

  it('waits for a finish that is a promise, and fails when it is rejected', async () => {
    const { log, run, sink, failures } = pair(1)
    const finishing = Promise.withResolvers<void>()
    sink.finishing = finishing.promise
    run()
    await settle()
    expect(log).not.toContain('sink finished')
    finishing.reject(new Error('the disk is full'))
    await settle()
    expect(failures).toHaveLength(1)
  })

  it('fails when a commit fails', async () => {
    const { run, sink, sinkTask, failures } = pair(1)
    run()
    sink.commit = Promise.reject(new Error('gone'))
    sinkTask.checkpointComplete(1)
    await settle()
    expect(failures).toHaveLength(1)
  })

  it('closes every operator although one of them fails', async () => {
    const { log, sink, sinkTask } = pair(1)
    sink.close = () => {
      throw new Error('stuck')
    }
    expect(await sinkTask.close()).toHaveLength(1)
    expect(sinkTask.step(0)).toBe('waiting')
    expect(log).toEqual([])
  })
})
