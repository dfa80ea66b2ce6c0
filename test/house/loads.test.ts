/** What an idle process holds in memory is what it loads at its start: big packages come when they are needed. */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, it } from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** Packages that are loaded by importing a file, in a process of its own. */
async function loadedBy(file: string): Promise<ReadonlySet<string>> {
  const program = `
    import { registerHooks } from 'node:module'
    const urls = []
    registerHooks({ load: (url, context, next) => (urls.push(url), next(url, context)) })
    await import(${JSON.stringify(new URL(`../../${file}`, import.meta.url).href)})
    console.log(JSON.stringify(urls))
    process.exit(0)`
  const args = ['--conditions=source', '--input-type=module', '--eval', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, maxBuffer: 2 ** 24 })
  const urls = JSON.parse(stdout) as string[]
  return new Set(urls.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []))
}

it.each(['jobmanager/main.ts', 'taskmanager/main.ts', 'broker/main.ts'])(
  '%s leaves Redis, queues, cron, metrics and S3 alone until they are asked for',
  async (file) => {
    const loaded = await loadedBy(file)
    expect(loaded.size).toBeGreaterThan(0)
    const heavy = [
      'bullmq',
      'ioredis',
      'cron-parser',
      'luxon',
      'prom-client',
      '@aws-sdk/client-s3',
      '@nxtedition/rocksdb',
    ]
    expect(heavy.filter((name) => loaded.has(name))).toEqual([])
  },
)
