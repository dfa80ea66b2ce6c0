/** Files as a sink: what a reader sees is what was committed, once. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { files as fileSink } from '../../../connectors/files/sink.ts'
import { sink } from '../../../connectors/index.ts'
import { type Disk, systemDisk } from '../../../core/platform/disk.ts'
import type { SinkContext, SinkWriter } from '../../../sdk/sink.ts'
import { prepared } from '../../support/prepared.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'files-sink-'))
})
afterEach(() => rmSync(dir, { recursive: true }))

const delivered: { sequence: number; records: readonly unknown[] }[] = []
const contextOf = (subtask = 0, parallelism = 1, checkpointing = true): SinkContext => ({
  jobId: 'job-1',
  uid: 'out',
  subtask,
  parallelism,
  wake: () => undefined,
  now: () => 0,
  print: () => undefined,
  deliver: (sequence, records) => void delivered.push({ sequence, records }),
  checkpointing,
})

const visible = (): string[] => readdirSync(dir).filter((name) => !name.startsWith('.'))
const hidden = (): string[] => readdirSync(dir).filter((name) => name.startsWith('.'))
const lines = (): string[] => visible().flatMap((name) => readFileSync(join(dir, name), 'utf8').trimEnd().split('\n'))
const prepare = (writer: SinkWriter<unknown>, id: number): readonly unknown[] =>
  JSON.parse(JSON.stringify(prepared(writer, id))) as unknown[]

describe('sink.files', () => {
  it('shows records when their checkpoint is complete, and commits again without harm', () => {
    const files = sink.files({ path: dir, format: 'ndjson' })
    const context = contextOf()
    const writer = files.createWriter(context, [])
    writer.write([{ a: 1 }, { a: 2n, at: new Date(0) }], [])
    expect(visible()).toEqual([])
    const pending = prepare(writer as SinkWriter<unknown>, 1) as never
    writer.write([{ a: 3 }], [])
    expect(visible()).toEqual([])
    void files.commit?.(pending, context)
    void files.commit?.(pending, context)
    expect(lines()).toEqual(['{"a":1}', '{"a":2,"at":"1970-01-01T00:00:00.000Z"}'])
    void writer.close()
    expect(hidden()).toEqual([])
  })

  it('closes a file once, also when its successor has taken it away', () => {
    const open = new Set<number>()
    const disk = Object.create(systemDisk) as Disk
    disk.open = (path, mode) => {
      const file = systemDisk.open(path, mode)
      open.add(file)
      return file
    }
    disk.close = (file) => {
      // Another thread may have the number by now.
      expect(open.delete(file)).toBe(true)
      systemDisk.close(file)
    }
    const writer = fileSink({ path: dir, format: 'ndjson' }, disk).createWriter(contextOf(), [])
    writer.write(['one'], [])
    for (const name of hidden()) rmSync(join(dir, name))
    expect(() => writer.prepareCommit?.(1)).toThrow(/ENOENT|no such file/)
    void writer.close()
    expect(open.size).toBe(0)
  })

  it('removes what an earlier attempt left outside of the checkpoint, and finishes what is in it', () => {
    const files = sink.files({ path: dir, format: 'ndjson' })
    const context = contextOf()
    const first = files.createWriter(context, [])
    first.write(['one'], [])
    const inCheckpoint = prepared(first, 1)
    const state = first.snapshot?.(1) ?? []
    first.write(['two'], [])
    prepared(first, 2)
    first.write(['three'], [])
    const second = files.createWriter(context, state)
    void files.commit?.(inCheckpoint, context)
    second.write(['two', 'three'], [])
    void files.commit?.(prepared(second, 2), context)
    expect(lines().sort()).toEqual(['"one"', '"three"', '"two"'])
    expect(hidden()).toEqual([])
  })

  it('leaves the files of other subtasks and jobs alone', () => {
    const files = sink.files({ path: dir, format: 'ndjson' })
    files.createWriter(contextOf(1, 12), []).write([1], [])
    files.createWriter(contextOf(11, 12), []).write([1], [])
    files.createWriter({ ...contextOf(1, 12), jobId: 'job-2' }, []).write([1], [])
    expect(hidden()).toHaveLength(3)
  })

  it('rolls by size and writes CSV with a header per file', () => {
    const files = sink.files({ path: dir, format: 'csv', rollBytes: 10 })
    const context = contextOf()
    const writer = files.createWriter(context, [])
    writer.write([{ a: 'x,"y"', b: 1 }], [])
    writer.write([{ a: 'z', b: null }], [])
    const pending = prepared(writer, 1)
    expect(pending).toHaveLength(2)
    void files.commit?.(pending, context)
    expect(visible().map((name) => readFileSync(join(dir, name), 'utf8'))).toEqual(['a,b\n"x,""y""",1\n', 'a,b\nz,\n'])
  })

  it('says so when a pending file of a checkpoint is gone', () => {
    const files = sink.files({ path: dir, format: 'ndjson' })
    expect(() => files.commit?.([{ name: 'gone' }] as never, contextOf())).toThrow(/neither pending nor finished/)
  })
})

describe('sink.collect', () => {
  it('delivers records with their exact values at commit, numbered on after a restore', () => {
    delivered.length = 0
    const collect = sink.collect()
    const context = contextOf()
    const writer = collect.createWriter(context, [])
    const rows = [{ a: 1n, b: new Date(5), c: Number.NaN, d: undefined }]
    writer.write(rows, [])
    const committables = prepare(writer as SinkWriter<unknown>, 1) as never
    expect(delivered).toEqual([])
    void collect.commit?.(committables, context)
    expect(delivered).toEqual([{ sequence: 0, records: rows }])
    const next = collect.createWriter(context, writer.snapshot?.(1) ?? [])
    next.write([1], [])
    void collect.commit?.(prepared(next, 2), context)
    expect(delivered.at(-1)).toEqual({ sequence: 1, records: [1] })
  })

  it('delivers at once without checkpoints', () => {
    delivered.length = 0
    sink
      .collect()
      .createWriter(contextOf(0, 1, false), [])
      .write([1, 2], [])
    expect(delivered).toEqual([{ sequence: 0, records: [1, 2] }])
  })
})
