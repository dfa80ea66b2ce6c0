import { afterEach, describe, expect, it } from 'vitest'
import { createMetrics } from '../../../../core/metrics.ts'
import { type Monitor, type MonitorOptions, startMonitor } from '../../../../core/monitor/monitor.ts'
import { systemNetwork } from '../../../../core/platform/net.ts'

const open: Monitor[] = []
const failures: unknown[] = []

async function start(more: Partial<MonitorOptions> = {}): Promise<{ monitor: Monitor; at: string }> {
  const monitor = await startMonitor({
    host: '127.0.0.1',
    port: 0,
    allowInsecure: false,
    role: 'broker',
    version: '1.2.3',
    failed: (error) => failures.push(error),
    ...more,
  })
  open.push(monitor)
  return { monitor, at: `http://127.0.0.1:${monitor.port}` }
}

async function get(url: string): Promise<[number, string]> {
  const response = await fetch(url)
  return [response.status, (await response.text()).trim()]
}

afterEach(async () => {
  for (const monitor of open.splice(0)) await monitor.close()
  failures.length = 0
})

describe('the port of health and metrics', () => {
  it('is alive from the first moment and ready from the start of the process to its end', async () => {
    const { monitor, at } = await start()
    let unready: string | undefined
    expect(await get(`${at}/livez`)).toEqual([200, 'ok'])
    expect(await get(`${at}/readyz`)).toEqual([503, 'the broker is starting'])
    monitor.started({ metrics: createMetrics(), unready: () => unready })
    expect(await get(`${at}/readyz?verbose`)).toEqual([200, 'ok'])
    unready = 'nobody knows me'
    expect(await get(`${at}/readyz`)).toEqual([503, 'nobody knows me'])
    unready = undefined
    monitor.stopping()
    expect(await get(`${at}/readyz`)).toEqual([503, 'the broker is stopping'])
    expect(await get(`${at}/livez`)).toEqual([200, 'ok'])
  })

  it('gives the metrics of the process and of its role as one text', async () => {
    const { monitor, at } = await start()
    expect((await get(`${at}/metrics`))[1]).toContain('millrace_ready 0')
    const metrics = createMetrics()
    metrics.gauge({ name: 'millrace_slots', help: 'Slots.' }).set(4)
    monitor.started({ metrics, unready: () => undefined })
    const response = await fetch(`${at}/metrics`)
    expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=0.0.4/)
    const lines = (await response.text()).split('\n')
    expect(lines).toContain('millrace_slots 4')
    expect(lines).toContain('millrace_ready 1')
    expect(lines).toContain('millrace_build_info{role="broker",version="1.2.3"} 1')
    const named = lines.filter((line) => line !== '' && !line.startsWith('#'))
    expect(named.filter((line) => !line.startsWith('millrace_'))).toEqual([])
    const types = lines.filter((line) => line.startsWith('# TYPE')).map((line) => line.split(' ')[2])
    expect(new Set(types).size).toBe(types.length)
  })

  it('answers what it does not know, and goes on after metrics that throw', async () => {
    const { monitor, at } = await start()
    const metrics = createMetrics()
    metrics.onCollect(() => {
      throw new Error('no numbers')
    })
    monitor.started({ metrics, unready: () => undefined })
    expect((await get(`${at}/`))[0]).toBe(404)
    expect((await get(`${at}/metrics`))[0]).toBe(500)
    expect(failures.map(String)).toEqual(['Error: no numbers'])
    expect((await fetch(`${at}/livez`, { method: 'POST', body: 'x' })).status).toBe(405)
    const head = await fetch(`${at}/livez`, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    expect(await get(`${at}/readyz`)).toEqual([200, 'ok'])
  })

  it('outlives clients that talk nonsense or nothing', async () => {
    const { at, monitor } = await start()
    for (const bytes of ['\u0000\u0001\u0002', 'GET', `GET /livez HTTP/1.1\r\nx: ${'y'.repeat(100_000)}`]) {
      const socket = systemNetwork.connect({ host: '127.0.0.1', port: monitor.port })
      const over = new Promise((resolve) => socket.on('error', resolve).on('close', resolve))
      socket.write(bytes)
      if (bytes === 'GET') socket.end()
      socket.resume()
      await over
    }
    const silent = systemNetwork.connect({ host: '127.0.0.1', port: monitor.port })
    await new Promise<void>((resolve) => silent.on('connect', () => resolve()))
    silent.on('error', () => undefined)
    expect(await get(`${at}/livez`)).toEqual([200, 'ok'])
    // With a connection open that says nothing.
    await monitor.close()
    open.length = 0
  })

  it('refuses addresses that others reach, ports that are taken, and hosts that are not ours', async () => {
    await expect(start({ host: '0.0.0.0' })).rejects.toMatchObject({ code: 'MONITOR_INSECURE_ADDRESS' })
    const { monitor } = await start({ host: '0.0.0.0', allowInsecure: true })
    await expect(start({ port: monitor.port })).rejects.toMatchObject({ code: 'MONITOR_PORT_IN_USE' })
    await expect(start({ host: '192.0.2.1', allowInsecure: true })).rejects.toMatchObject({
      code: 'MONITOR_CANNOT_LISTEN',
    })
  })
})
