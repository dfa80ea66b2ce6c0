import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { LogDirectory } from '../../../../broker/log/directory/log-directory.ts'
import { verifyDirectory } from '../../../../broker/log/inspection/verify.ts'
import { repairDirectory } from '../../../../broker/log/recovery/repair.ts'
import { ManualClock } from '../../../../core/platform/manual-clock.ts'
import { ManualDisk } from '../../../../core/platform/manual-disk.ts'
import { append, openLog, readAll, settle, startMs } from '../../../support/broker-log.ts'
import { cases } from '../../../support/nightly.ts'

const directory = '/data/events-0'
const owner = { id: 2, isAlive: () => false }
const isIndex = (name: string): boolean => /\.(index|timeindex|txnindex|snapshot)$/.test(name)

/** Transactions of five producers, committed and aborted, over some segments; closed properly. */
async function closedLog(decisions: readonly boolean[], settings: Record<string, string> = {}): Promise<ManualDisk> {
  const { log, clock, directory, disk } = await openLog({
    'index.interval.bytes': '150',
    'segment.bytes': '700',
    ...settings,
  })
  const sequences = [0, 0, 0, 0, 0]
  for (const [i, commit] of decisions.entries()) {
    const producerId = i % 5
    for (const value of [`a${i}`, `b${i}`]) {
      append(log, { values: [value], producerId, sequence: sequences[producerId]++, transactional: true })
      append(log, { values: [`plain${i}`] })
    }
    log.writeMarker(producerId, 0, 0, commit ? 'commit' : 'abort')
    await settle(clock)
  }
  const closing = directory.close()
  await settle(clock)
  await closing
  return disk.crash('power')
}

/** All that readers of committed records see from each offset on. */
async function committed(disk: ManualDisk): Promise<unknown[]> {
  const { log, directory, clock } = await openLog({ 'segment.bytes': '700' }, { disk, clock: new ManualClock(startMs) })
  const seen: unknown[] = []
  for (let from = log.logStartOffset; from < log.logEndOffset; from += 7) {
    seen.push(await readAll(log, from, 'read-committed', 400))
  }
  seen.push(await log.offsetForTimestamp(startMs))
  const closing = directory.close()
  await settle(clock)
  await closing
  return seen
}

const decisions = fc.array(fc.boolean(), { minLength: 6, maxLength: 20 })
const harm = fc.record({
  file: fc.nat(),
  kind: fc.constantFrom('flip', 'cut', 'remove', 'empty'),
  at: fc.nat(),
})

function damage(disk: ManualDisk, { file, kind, at }: { file: number; kind: string; at: number }): string | undefined {
  const names = disk.list(directory).filter((name) => isIndex(name) && disk.read(`${directory}/${name}`).length > 0)
  const path = `${directory}/${names[file % names.length]}`
  const bytes = disk.read(path)
  if (kind === 'remove') disk.remove(path)
  else if (kind === 'flip') disk.flipByte(path, at % bytes.length)
  else disk.write(path, kind === 'empty' ? Buffer.alloc(0) : bytes.subarray(0, at % bytes.length))
  // A snapshot that is gone is no damage: the log is read from the one before.
  return kind === 'remove' && path.endsWith('.snapshot') ? undefined : path
}

describe('an index without damage', () => {
  test('is never made anew, whatever the end of the broker and wherever the last checkpoint was', async () => {
    const madeAnew = vi.spyOn(LogDirectory.prototype, 'madeAnew')
    const life = fc.record({
      batches: fc.array(fc.record({ commit: fc.boolean(), checkpoint: fc.boolean() }), { minLength: 1, maxLength: 8 }),
      end: fc.constantFrom('close', 'process', 'power'),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(life, { minLength: 2, maxLength: 5 }), async (lives) => {
        let disk = new ManualDisk()
        let sequence = 0
        for (const { batches, end } of lives) {
          const clock = new ManualClock(startMs)
          const settings = { 'index.interval.bytes': '150', 'segment.bytes': '700' }
          const { log, directory } = await openLog(settings, { disk, clock })
          sequence = (log.producers()[0]?.lastSequence ?? -1) + 1
          for (const { commit, checkpoint } of batches) {
            append(log, { values: ['x'], producerId: 1, sequence: sequence++, transactional: true })
            append(log, { values: ['plain'] })
            log.writeMarker(1, 0, 0, commit ? 'commit' : 'abort')
            await settle(clock)
            if (!checkpoint) continue
            const writing = directory.checkpoint()
            await settle(clock)
            await writing
          }
          if (end === 'close') {
            const closing = directory.close()
            await settle(clock)
            await closing
          }
          disk = disk.crash(end === 'process' ? 'process' : 'power')
          const { findings } = verifyDirectory(disk, '/data')
          // Behind the last checkpoint an index may be torn, and is written again.
          expect(findings.filter(({ problem }) => problem.includes('checksum does not match'))).toEqual([])
        }
      }),
      { numRuns: cases(25) },
    )
    expect(madeAnew.mock.calls).toEqual([])
    madeAnew.mockRestore()
  })
})

describe('damage of an index', () => {
  test('wherever it is, changes nothing of what is read, and a repair takes it away', async () => {
    await fc.assert(
      fc.asyncProperty(decisions, harm, async (commits, hurt) => {
        const disk = await closedLog(commits)
        expect(verifyDirectory(disk, '/data').findings).toEqual([])
        const whole = await committed(disk)
        const closed = disk.crash('power')
        const path = damage(closed, hurt)
        const harmed = closed.crash('process')
        const repaired = closed.crash('process')
        if (path !== undefined) {
          expect(verifyDirectory(harmed, '/data').findings).toContainEqual(
            expect.objectContaining({ path, kind: 'damaged' }),
          )
        }
        const { left } = await repairDirectory(repaired, '/data', owner, startMs)
        expect(left).toEqual([])
        const afterRepair = repaired.crash('power')
        expect(verifyDirectory(afterRepair, '/data').findings).toEqual([])
        expect(await committed(afterRepair)).toEqual(whole)

        expect(await committed(harmed)).toEqual(whole)
        // A snapshot older than the newest is not looked at; it goes when there are two newer ones.
        const { findings } = verifyDirectory(harmed.crash('power'), '/data')
        expect(findings.filter((each) => !each.path.endsWith('.snapshot'))).toEqual([])
      }),
      { numRuns: cases(25) },
    )
  })

  test('in the list of aborted transactions of a sealed segment is named by the transaction that is missing', async () => {
    const disk = await closedLog([false, true, false, true, true, true])
    const list = disk.list(directory).find((name) => name.endsWith('.txnindex')) as string
    const entries = disk.read(`${directory}/${list}`)
    disk.write(`${directory}/${list}`, entries.subarray(34))
    expect(verifyDirectory(disk, '/data').findings).toMatchObject([
      {
        path: `${directory}/${list}`,
        problem: expect.stringMatching(/^the transaction aborted at offset \d+ is missing$/),
      },
    ])
  })

  test('is left to others while a batch of the log is damaged too', async () => {
    const disk = await closedLog([false, true, false, true])
    const log = `${directory}/${'0'.repeat(20)}.log`
    disk.flipByte(log, 65)
    disk.flipByte(log.replace('.log', '.index'), 3)
    const before = disk.read(log)
    const { repaired, left } = await repairDirectory(disk, '/data', owner, startMs)
    expect(repaired).toEqual([])
    expect(left.map((each) => each.path)).toContain(log)
    expect(disk.read(log)).toEqual(before)
  })

  test('is not repaired under a broker that runs', async () => {
    const { disk, directory } = await openLog()
    const repair = repairDirectory(disk, '/data', { id: 2, isAlive: () => true }, startMs)
    await expect(repair).rejects.toMatchObject({ code: 'BROKER_LOG_DIRECTORY_LOCKED' })
    await directory.close()
  })
})
