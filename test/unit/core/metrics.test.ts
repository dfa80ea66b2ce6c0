import { describe, expect, it } from 'vitest'
import { createMetrics } from '../../../core/metrics.ts'

describe('metrics', () => {
  it('come out as Prometheus text, brought up to date when read', async () => {
    const metrics = createMetrics()
    const records = metrics.counter({ name: 'millrace_records_in_total', help: 'Records.', labels: ['job_name'] })
    const slots = metrics.gauge({ name: 'millrace_slots_free', help: 'Free slots.' })
    let free = 0
    metrics.onCollect(() => slots.set(free))
    records.set(10, { job_name: 'a' })
    records.set(15, { job_name: 'a' })
    records.add(1, { job_name: 'a' })
    free = 3
    const text = await metrics.text()
    expect(text).toContain('millrace_records_in_total{job_name="a"} 16')
    expect(text).toContain('millrace_slots_free 3')
    records.remove({ job_name: 'a' })
    expect(await metrics.text()).not.toContain('job_name="a"')
  })

  it('refuse names without the prefix and the label that Prometheus uses itself', () => {
    expect(() => createMetrics().gauge({ name: 'slots', help: '' })).toThrow(/millrace_/)
    expect(() => createMetrics().gauge({ name: 'millrace_x', help: '', labels: ['job'] })).toThrow(/job_name/)
  })

  it('belong to their registry alone', async () => {
    const [a, b] = [createMetrics(), createMetrics()]
    a.gauge({ name: 'millrace_x', help: 'x' }).set(1)
    b.gauge({ name: 'millrace_x', help: 'x' }).set(2)
    expect(await b.text()).toContain('millrace_x 2')
  })
})
