/** Every Nexmark query gives the rows that every engine gives, at any parallelism, from columns and from rows. */
import { describe, expect, it } from 'vitest'
import { Checksum, type ChecksumParts } from '../../../examples/nexmark/checksum.ts'
import type { Job } from '../../../millrace.ts'
import { runLocally } from '../../support/local-run.ts'

const vectors = {
  q0: '92000:a0ffb6a0:3ba25514',
  q1: '92000:027799f7:f0ccf465',
  q2: '381:afd32466:2a814170',
  q4: '5:80ce7a71:71870817',
  q5: '9:4e060558:8e11b8c6',
  q8: '955:8869ea22:d392bea4',
  q9: '5590:1181842c:3cd070d4',
  q11: '1927:47d7f7f5:b3e3cee1',
}

async function checksumOf(name: string, parallelism: number, source: string): Promise<string> {
  const { default: job } = (await import(`../../../examples/nexmark/${name}.ts`)) as { default: Job }
  const { delivered } = await runLocally(job, parallelism, {
    'nexmark.events': '100000',
    'nexmark.rate': '10000',
    'nexmark.check': 'true',
    'nexmark.source': source,
  })
  const sum = new Checksum()
  for (const parts of (delivered.get('results') ?? []) as ChecksumParts[]) sum.merge(parts)
  return String(sum)
}

describe.each(Object.entries(vectors))('nexmark %s', (name, vector) => {
  it.each([1, 2, 3])('gives the vector at parallelism %i', async (parallelism) => {
    expect(await checksumOf(name, parallelism, 'columns')).toBe(vector)
  })

  it('gives the vector from a source of objects', async () => {
    expect(await checksumOf(name, 2, 'rows')).toBe(vector)
  })
})

describe.each(['kc', 'kcb'])('nexmark %s', (name) => {
  it('counts every bid, whatever the parallelism', async () => {
    const one = await checksumOf(name, 1, 'columns')
    expect(one).toMatch(/^92000:/)
    expect(await checksumOf(name, 3, 'columns')).toBe(one)
    expect(await checksumOf(name, 2, 'rows')).toBe(one)
  })
})
