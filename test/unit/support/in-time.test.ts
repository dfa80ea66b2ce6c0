/** What tests measure with on busy machines. */
import { createServer } from 'node:net'
import { expect, it } from 'vitest'
import { inTime } from '../../support/in-time.ts'
import { freePorts } from '../../support/ports.ts'
import { until } from '../../support/until.ts'

it('what must be quick is measured until each of its times has been in its limit', async () => {
  const measured = [
    { known: 500, running: 900 },
    { known: 90, running: 3000 },
    { known: 300, running: 2000 },
  ]
  const rounds: number[] = []
  await inTime({ known: 100, running: 1000 }, async (round) => {
    rounds.push(round)
    return measured[round] ?? { known: 0, running: 0 }
  })
  expect(rounds).toEqual([0, 1])
})

it('what a condition gives or throws is what its waiter gets', async () => {
  let looks = 0
  expect(await until(() => ++looks === 3 && 'the third time')).toBe('the third time')
  await expect(until(() => Promise.reject(new Error('no use')))).rejects.toThrow('no use')
})

it('ports differ, lie below those of connections, and can be listened on', async () => {
  const ports = await freePorts(120)
  expect(new Set(ports.slice(0, 90)).size).toBe(90)
  for (const port of ports.slice(0, 5)) {
    expect(port).toBeLessThan(32_768)
    const server = createServer()
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject)
      server.listen(port, '127.0.0.1', resolve)
    })
    await new Promise((resolve) => server.close(resolve))
  }
})
