/** Results between the tasks that make them and the client that reads them. */
import { describe, expect, test } from 'vitest'
import { systemClock } from '../../../core/platform/clock.ts'
import { ResultBuffer, type ResultPosition } from '../../../jobmanager/job/results.ts'

describe('results', () => {
  const batch = (records: readonly unknown[]): Uint8Array => Buffer.from(JSON.stringify(records))

  const told: ResultPosition[] = []
  const newBuffer = (bytesMax = 1e6): ResultBuffer => {
    told.length = 0
    return new ResultBuffer(bytesMax, systemClock, (position) => told.push(position))
  }

  async function read(buffer: ResultBuffer, positions: readonly ResultPosition[] = []): Promise<unknown[]> {
    const { batches } = await buffer.fetch(positions, 1)
    return batches.flatMap(({ recordsJson }) => JSON.parse(Buffer.from(recordsJson).toString()) as unknown[])
  }
  const at = (next: number): ResultPosition => ({ uid: 'u', subtask: 0, next })

  test('that overlap with what was delivered are cut', async () => {
    const buffer = newBuffer()
    buffer.add('u', 0, 0, batch([0, 1, 2]))
    buffer.add('u', 0, 2, batch([2, 3]))
    buffer.add('u', 0, 0, batch([0, 1, 2, 3]))
    buffer.add('u', 1, 0, batch(['other']))
    expect(await read(buffer)).toEqual([0, 1, 2, 3, 'other'])
  })

  test('stay until a reader says that it has them, which the sink is told, again when it delivers them again', async () => {
    const buffer = newBuffer()
    buffer.add('u', 0, 0, batch([0, 1]))
    buffer.add('u', 0, 2, batch([2, 3]))
    expect(await read(buffer)).toEqual([0, 1, 2, 3])
    expect(await read(buffer, [at(1)])).toEqual([1, 2, 3])
    expect(await read(buffer, [at(4)])).toEqual([])
    expect(told).toEqual([at(1), at(4)])
    buffer.add('u', 0, 0, batch([0, 1]))
    expect(told).toEqual([at(1), at(4), at(4)])
    expect(await read(buffer)).toEqual([])
  })

  test('a reader that comes to the next JobManager goes on where it was', async () => {
    const buffer = newBuffer()
    buffer.add('u', 0, 5, batch([5, 6, 7]))
    expect(await read(buffer, [at(6)])).toEqual([6, 7])
  })

  test('a reader is told which are missing', async () => {
    const buffer = newBuffer()
    buffer.add('u', 0, 5, batch([5]))
    await expect(read(buffer, [at(2)])).rejects.toThrow('results 2 to 4 of u (subtask 0) are lost')
    const ended = newBuffer()
    ended.endedEarlier([at(7)])
    await expect(read(ended, [at(3)])).rejects.toThrow('results 3 to 6 of u')
    expect(await ended.fetch([at(7)], 1)).toEqual({ batches: [], ended: true })
  })

  test('end when the job has ended and everything was taken', async () => {
    const buffer = newBuffer()
    buffer.add('u', 0, 0, batch([0]))
    buffer.end()
    expect((await buffer.fetch([], 1)).ended).toBe(false)
    expect((await buffer.fetch([at(1)], 1)).ended).toBe(true)
  })

  test('of a sink that is not told are bounded, and the reader hears what went', async () => {
    const buffer = newBuffer(20)
    for (let n = 0; n < 10; n++) buffer.add('u', 0, n, batch(['12345']))
    await expect(read(buffer)).rejects.toMatchObject({ code: 'JOBMANAGER_RESULTS_LOST' })
    expect(await read(buffer)).toEqual(['12345', '12345'])
  })
})
