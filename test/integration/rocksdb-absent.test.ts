/** A machine for which there is no RocksDB: whoever starts a job with it is told at once; other jobs run. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCliProcess } from '../support/cli-process.ts'

const directory = mkdtempSync(join(tmpdir(), 'millrace-absent-'))
const { npm_config_arch: before } = process.env

// The library looks for its binary under this name: there is none for it.
beforeAll(() => {
  process.env.npm_config_arch = 's390x'
})
afterAll(() => {
  if (before === undefined) delete process.env.npm_config_arch
  else process.env.npm_config_arch = before
  rmSync(directory, { recursive: true, force: true })
})

const job = (name: string, backend: string): string => {
  writeFileSync(
    join(directory, `${name}.ts`),
    `import { defineJob, sink, source } from 'millrace'
export default defineJob('${name}', (env) => {
  env.set('state.backend.type', '${backend}')
  env.set('restart-strategy.type', 'fixed-delay')
  env.from(source.values([{ a: 1 }, { a: 1 }]), { uid: 'in' }).keyBy('a').count({ uid: 'n' }).to(sink.print(), { uid: 'out' })
})`,
  )
  return `${name}.ts`
}

it('a job with state in RocksDB fails at its first start, with the platforms and the way out', async () => {
  const { code, out, notes } = await runCliProcess(directory, 'dev', job('rocks', 'rocksdb'))
  expect(code).toBe(1)
  const all = out + notes
  expect(all).toMatch(/RocksDB cannot be loaded on \w+-\w+: No native build was found.*STATE_ROCKSDB_ABSENT/)
  expect(all).toContain('built for linux-x64 with glibc and darwin-arm64')
  expect(all).toContain('set state.backend.type: hashmap')
  expect(all).not.toMatch(/restart/i)
})

it('a job with state in memory runs', async () => {
  const { code, out } = await runCliProcess(directory, 'dev', job('heap', 'hashmap'))
  expect([code, out.includes('2')]).toEqual([0, true])
})
