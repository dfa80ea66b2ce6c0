/** The verbs of the log against a broker: what they write, how they end. */
import { writeFileSync } from 'node:fs'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../../cli/program.ts'
import { type BrokerHarness, startBrokerHarness } from '../support/broker-harness.ts'
import { gzipBatch } from '../support/odd-batches.ts'
import { recordingTerminal } from '../support/recording-terminal.ts'
import { until } from '../support/until.ts'
import { produceOf } from '../support/wire-client.ts'

let harness: BrokerHarness

beforeAll(async () => {
  harness = await startBrokerHarness()
})
afterAll(() => harness.close())

const local = ['broker dump-log', 'broker verify', 'broker repair']

function terminalOf(argv: readonly string[], input: readonly string[] = []) {
  const terminal = recordingTerminal(argv.includes('--json'), undefined, input)
  const address = local.includes(argv.slice(0, 2).join(' ')) ? [] : ['-b', harness.broker.address]
  const ended = runCli([...argv, ...address], () => terminal)
  return { terminal, ended }
}

async function millrace(line: string, input: readonly string[] = []) {
  const { terminal, ended } = terminalOf(line.split(' '), input)
  const code = await ended
  return { code, out: terminal.outLines.join('\n'), notes: terminal.noteLines.join('\n') }
}

const json = async (line: string, input: readonly string[] = []): Promise<unknown> =>
  JSON.parse((await millrace(`${line} --json`, input)).out)

describe('topic', () => {
  it('makes, lists, describes, alters and deletes', async () => {
    expect(await json('topic create orders -p 3 --set retention.ms=60000')).toMatchObject({
      partitions: 3,
      created: true,
    })
    expect((await millrace('topic create orders')).code).toBe(5)
    expect(await json('topic create orders --if-not-exists')).toMatchObject({ partitions: 3, created: false })
    expect((await millrace('topic list')).out).toMatch(/^orders +3 +0/m)
    expect((await millrace('topic list')).out).not.toContain('__')
    expect(await json('topic describe orders')).toMatchObject({ set: { 'retention.ms': '60000' } })
    await millrace('topic alter orders -p 5 --set cleanup.policy=compact --unset retention.ms')
    const altered = (await json('topic describe orders')) as { partitions: unknown[]; set: object }
    expect(altered.partitions).toHaveLength(5)
    expect(altered.set).toEqual({ 'cleanup.policy': 'compact' })
    expect((await millrace('topic delete orders')).out).toBe('orders deleted')
    expect((await millrace('topic delete orders')).code).toBe(4)
    expect(await json('topic delete orders --if-exists')).toEqual({ topic: 'orders', deleted: false })
  })

  it('does not tell to make what cannot be made', async () => {
    expect((await millrace('topic describe no/name')).notes).toContain('letters, digits')
    expect((await millrace('topic describe __transaction_state')).notes).toContain('makes topics of its own')
    expect((await millrace('topic describe absent')).notes).toContain('millrace topic create absent')
  })

  it('says what was probably meant', async () => {
    await millrace('topic create payments')
    expect(await millrace('topic describe paymnets')).toMatchObject({
      code: 4,
      notes: expect.stringContaining('Did you mean payments?'),
    })
    expect((await millrace('consume paymnets')).notes).toContain('Did you mean payments?')
    expect((await millrace('topic alter payments --set retention.mss=1')).notes).toContain('Did you mean retention.ms?')
    expect((await millrace('topic descrbe payments')).notes).toContain('Did you mean describe?')
    expect((await millrace('topic alter payments')).code).toBe(2)
  })
})

describe('produce and consume', () => {
  it('carry lines as they are, over chunks that end anywhere', async () => {
    await millrace('topic create lines')
    const text = `one\n\nthr\u00e9e\n${'long '.repeat(40_000)}\nlast`
    const bytes = [...Buffer.from(text)]
    const chunks = [text.slice(0, 5), text.slice(5, 6), text.slice(6)]
    expect(bytes.length).toBeGreaterThan(200_000)
    expect(await json('produce lines', chunks)).toMatchObject({ records: 5 })
    expect((await millrace('consume lines')).out).toBe(text)
  })

  it('carry keys and headers, and null where a value is empty', async () => {
    await millrace('topic create keyed')
    await millrace('produce keyed -k : -H from=test --empty-as-null -z gzip', ['a:1\nb:\nc:x:y\n'])
    expect((await millrace('consume keyed -k : --headers --offsets')).out.split('\n')).toEqual([
      '0:0\tfrom=test\ta:1',
      '0:1\tfrom=test\tb:null',
      '0:2\tfrom=test\tc:x:y',
    ])
    expect(await millrace('produce keyed -k :', ['no separator\n'])).toMatchObject({
      code: 1,
      notes: expect.stringContaining('standard input, line 1: there is no ":" between a key and a value'),
    })
  })

  it('copy a topic with everything in it, as JSON', async () => {
    await millrace('topic create copied -p 2')
    const whole = (await millrace('consume keyed --json')).out
    await millrace('produce copied -f record', [`${whole}\n`])
    const records = (text: string) =>
      text.split('\n').map((line) => {
        const { key, value, headers, timestamp } = JSON.parse(line) as Record<string, unknown>
        return { key, value, headers, timestamp }
      })
    expect(records((await millrace('consume copied --json')).out)).toEqual(records(whole))
  })

  it('check JSON, and say which line is none', async () => {
    await millrace('topic create json')
    const { code, notes } = await millrace('produce json -f json', ['{"a":1}\n\n[2]\n{oops\n'])
    expect(code).toBe(1)
    expect(notes).toContain('standard input, line 4: this is no JSON')
    expect(notes).toContain('2 records before it were written')
    expect(await json('consume json -f json -n 1')).toMatchObject({ value: { a: 1 } })
    await millrace('produce json', ['plain\n'])
    expect((await millrace('consume json -f json')).notes).toContain('json/0 at offset 2: the value is no JSON')
  })

  it('give what stands before a batch that cannot be opened, and say where it is', async () => {
    await millrace('topic create bombs')
    await millrace('produce bombs', ['good\n'])
    const bomb = gzipSync(Buffer.alloc(200 * 1024 * 1024), { level: 1 })
    const client = harness.connect()
    const { responses } = await client.call('Produce', 9, produceOf('bombs', 0, gzipBatch(bomb)))
    expect(responses[0]?.partitionResponses[0]).toMatchObject({ errorCode: 0, baseOffset: 1 })
    const { code, out, notes } = await millrace('consume bombs')
    expect({ code, out }).toEqual({ code: 1, out: 'good' })
    expect(notes).toMatch(/bombs\/0 at offset 1: the batch is damaged \(.*gzip open to more than/)
  })

  it('carry bytes as base64, and read files', async () => {
    await millrace('topic create bytes')
    const file = `${harness.directory}/input.txt`
    writeFileSync(file, 'AAEC/w==\n')
    expect((await millrace(`produce bytes -f bytes -i ${file}`)).code).toBe(0)
    expect((await millrace('consume bytes -f bytes')).out).toBe('AAEC/w==')
    expect((await millrace('produce bytes -f bytes', ['???\n'])).notes).toContain('line 1: this is no base64')
    expect((await millrace('produce bytes -i no-such-file')).code).toBe(4)
    expect((await millrace(`produce bytes -i ${harness.directory}`)).notes).toContain('it is a directory')
  })

  it('begin where they are told', async () => {
    await millrace('topic create places')
    await millrace('produce places', ['0\n1\n2\n3\n4\n'])
    const shown = async (from: string) => (await millrace(`consume places --from ${from}`)).out
    expect(await shown('earliest')).toBe('0\n1\n2\n3\n4')
    expect(await shown('3')).toBe('3\n4')
    expect(await shown('-2')).toBe('3\n4')
    expect(await shown('latest')).toBe('')
    expect(await shown('99')).toBe('')
    expect(await shown('1h')).toBe('0\n1\n2\n3\n4')
    expect(await shown('2000-01-01')).toBe('0\n1\n2\n3\n4')
    expect(await shown('2100-01-01')).toBe('')
    expect(await millrace('consume places --from yesterday')).toMatchObject({
      code: 2,
      notes: expect.stringContaining('expected earliest, latest, an offset (120)'),
    })
    expect((await millrace('consume places -p 7')).code).toBe(4)
    expect((await millrace('produce places -p 7', ['x\n'])).code).toBe(4)
  })

  it('follow a topic until they are interrupted', async () => {
    await millrace('topic create followed')
    const { terminal, ended } = terminalOf(['consume', 'followed', '--follow'])
    await millrace('produce followed', ['first\n'])
    await until(() => terminal.outLines.length > 0)
    await millrace('produce followed', ['second\n'])
    await until(() => terminal.outLines.length > 1)
    terminal.interrupt()
    expect(await ended).toBe(0)
    expect(terminal.outLines).toEqual(['first', 'second'])
  })

  it('write a transaction as a whole, or nothing of it', async () => {
    await millrace('topic create whole')
    expect((await millrace('produce whole -f json --transactional-id t', ['1\n2\n'])).code).toBe(0)
    expect((await millrace('produce whole -f json --transactional-id t', ['3\n', 'oops\n'])).code).toBe(1)
    expect((await millrace('consume whole')).out).toBe('1\n2')
    expect((await millrace('produce whole --transactional-id t --acks leader', ['3\n'])).code).toBe(2)
  })

  it('carry a hundred thousand lines in order', async () => {
    await millrace('topic create many')
    const lines = Array.from({ length: 100_000 }, (_, n) => `line ${n}`)
    const text = `${lines.join('\n')}\n`
    const chunks = text.match(/[\s\S]{1,65536}/g) ?? []
    expect(await json('produce many -z lz4', chunks)).toMatchObject({ records: 100_000 })
    expect((await millrace('consume many')).out).toBe(lines.join('\n'))
  })
})

describe('members of a group', () => {
  const membersOf = async (group: string): Promise<number> => {
    const { offsets } = (await json(`groups describe ${group}`)) as {
      offsets: { member?: unknown; clientId?: unknown }[]
    }
    return offsets.length
  }

  const described = async (group: string) =>
    (await json(`groups describe ${group}`)) as { state: string; members: number | readonly unknown[] }
  /** With two members. */
  const isStable = async (group: string): Promise<boolean> => {
    const { state, members } = await described(group)
    return state === 'Stable' && (typeof members === 'number' ? members : members.length) === 2
  }

  it('share the partitions, take over what another leaves, and lose and repeat nothing', async () => {
    await millrace('topic create shared -p 4')
    const lines = (from: number): string => Array.from({ length: 40 }, (_, n) => `${from + n}:${from + n}\n`).join('')
    const start = () => terminalOf(['consume', 'shared', '-g', 'sharing', '--follow', '--offsets'])
    const first = start()
    await millrace('produce shared -k :', [lines(0)])
    await until(() => first.terminal.outLines.length === 40)
    const second = start()
    await until(() => isStable('sharing'))
    await millrace('produce shared -k :', [lines(40)])
    await until(() => first.terminal.outLines.length + second.terminal.outLines.length === 80)
    expect(second.terminal.outLines.length).toBeGreaterThan(0)
    expect(first.terminal.outLines.length).toBeGreaterThan(40)
    first.terminal.interrupt()
    expect(await first.ended).toBe(0)
    await millrace('produce shared -k :', [lines(80)])
    await until(() => first.terminal.outLines.length + second.terminal.outLines.length === 120)
    second.terminal.interrupt()
    expect(await second.ended).toBe(0)
    const values = [...first.terminal.outLines, ...second.terminal.outLines].map((line) =>
      Number(line.split(/\s/).at(-1)),
    )
    expect(values.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 120 }, (_, n) => n))
    expect((await described('sharing')).state).toBe('Empty')
    expect(await membersOf('sharing')).toBe(4)
  })

  it('come back to their partitions without a rebalance where they have a name, and are refused when another has it', async () => {
    await millrace('topic create static -p 4')
    const start = (name: string) =>
      terminalOf(['consume', 'static', '-g', 'statics', '--instance', name, '--follow', '--offsets'])
    const generation = () => harness.broker.coordinators.groups.shardOf('statics').groups.get('statics')?.generationId
    const first = start('one')
    const second = start('two')
    await until(() => isStable('statics'))
    const lines = (from: number): string => Array.from({ length: 40 }, (_, n) => `${from + n}:${from + n}\n`).join('')
    await millrace('produce static -k :', [lines(0)])
    const printed = (...all: (typeof first)[]) => all.flatMap(({ terminal }) => terminal.outLines)
    await until(() => printed(first, second).length === 40)
    const before = generation()
    const partitions = (lines: readonly string[]) => [...new Set(lines.map((line) => line.split(':')[0]))].sort()
    const own = partitions(printed(first))
    first.terminal.interrupt()
    expect(await first.ended).toBe(0)
    const again = start('one')
    await millrace('produce static -k :', [lines(40)])
    await until(() => printed(first, second, again).length === 80)
    expect([generation(), partitions(printed(again))]).toEqual([before, own])
    const usurper = start('two')
    expect(await second.ended).not.toBe(0)
    expect(second.terminal.noteLines.join('\n')).toContain('another member with the same instance id has taken over')
    for (const each of [again, usurper]) {
      each.terminal.interrupt()
      expect(await each.ended).toBe(0)
    }
    expect((await millrace('consume static --instance one')).notes).toContain('--instance names a member of a --group')
  })
})

describe('groups', () => {
  it('show their lag and go on elsewhere', async () => {
    await millrace('topic create work')
    await millrace('produce work', ['0\n1\n2\n3\n'])
    expect((await millrace('consume work -g readers -n 3')).out).toBe('0\n1\n2')
    expect(await json('groups describe readers')).toMatchObject({
      state: 'Empty',
      lag: 1,
      offsets: [{ topic: 'work', partition: 0, offset: 3, end: 4, lag: 1 }],
    })
    expect((await millrace('consume work -g readers')).out).toBe('3')
    expect((await millrace('consume work -g readers')).out).toBe('')
    expect(await json('groups reset-offsets readers --shift-by -2 --dry-run')).toMatchObject({
      dryRun: true,
      offsets: [{ from: 4, to: 2 }],
    })
    expect((await millrace('consume work -g readers')).out).toBe('')
    await millrace('groups reset-offsets readers --shift-by -2')
    expect((await millrace('consume work -g readers')).out).toBe('2\n3')
    expect(await json('groups reset-offsets readers --to-earliest --topic work:0')).toMatchObject({
      offsets: [{ to: 0 }],
    })
    expect(await json('groups reset-offsets readers --to-offset 99')).toMatchObject({ offsets: [{ to: 4 }] })
    expect(await json('groups reset-offsets readers --to-time 1h')).toMatchObject({ offsets: [{ to: 0 }] })
    expect((await millrace('groups list')).out).toMatch(/^readers +EMPTY/m)
    expect((await millrace('groups delete readers')).out).toBe('readers deleted')
    expect(await millrace('groups describe reader')).toMatchObject({ code: 4 })
  })

  it('are told what is missing', async () => {
    expect((await millrace('groups reset-offsets x')).notes).toContain('one of --to-earliest')
    expect((await millrace('groups reset-offsets x --to-earliest --to-latest')).code).toBe(2)
    expect((await millrace('groups reset-offsets x --to-earliest')).code).toBe(4)
    expect((await millrace('groups reset-offsets x --to-earliest --topic work:9')).code).toBe(4)
    for (const topic of ['work:', 'work:0,', 'work:0:1', 'work:1e0', 'work:-1', ':0']) {
      const { code, notes } = await millrace(`groups reset-offsets x --to-earliest --topic ${topic}`)
      expect({ code, notes }).toEqual({ code: 2, notes: expect.stringContaining('expected name or name:0,1') })
    }
  })
})

describe('broker', () => {
  it('shows what it holds', async () => {
    const { clusterId, id } = harness.broker
    expect(await json('broker status')).toMatchObject({ clusterId, brokers: [{ id }] })
    expect((await millrace('broker status')).out).toContain(harness.directory)
  })

  it('has its files looked at from outside', async () => {
    const dumped = (await millrace(`broker dump-log ${harness.directory}/keyed-0`)).out
    expect(dumped).toMatch(/^0-2 {2}batch of 3 at byte 0, .*gzip/)
    expect(dumped).toContain('key "b"  value null  headers from="test"')
    const control = (await millrace(`broker dump-log ${harness.directory}/whole-0 --json --no-records`)).out
    expect(JSON.parse(control.split('\n').at(-1) as string)).toMatchObject({ isControl: true })
    expect(await json(`broker verify ${harness.directory}`)).toMatchObject({ ok: true, findings: [] })
    expect((await millrace(`broker dump-log ${harness.directory}/nope`)).code).toBe(4)
    expect((await millrace(`broker verify ${harness.directory}/meta.properties`)).code).toBe(2)
  })

  it('has an index that is wrong made anew', async () => {
    const copy = `${harness.directory}-repaired`
    const { cpSync, rmSync } = await import('node:fs')
    cpSync(`${harness.directory}/keyed-0`, `${copy}/keyed-0`, { recursive: true })
    try {
      const timeIndex = `${copy}/keyed-0/${'0'.repeat(20)}.timeindex`
      writeFileSync(timeIndex, Buffer.from('0000018bcfe5680000000002', 'hex'))
      expect((await millrace(`broker dump-log ${timeIndex}`)).out).toMatch(
        /^TIMESTAMP +OFFSET\n2023-11-14T22:13:20.000Z +2$/,
      )
      expect(await json(`broker dump-log ${timeIndex}`)).toMatchObject({
        entries: [{ timestamp: 1_700_000_000_000, offset: 2 }],
      })
      writeFileSync(timeIndex, Buffer.alloc(24, 1))
      expect(await millrace(`broker dump-log ${timeIndex}`)).toMatchObject({
        code: 1,
        out: expect.stringContaining('DAMAGED: its entries do not ascend'),
      })
      expect((await millrace(`broker verify ${copy}`)).code).toBe(1)
      expect(await json(`broker repair ${copy}`)).toMatchObject({ ok: true, left: [] })
      expect((await millrace(`broker verify ${copy}`)).code).toBe(0)
      expect((await millrace(`broker repair ${copy}`)).out).toBe('nothing had to be repaired')
      expect((await millrace(`broker repair ${copy}-absent`)).code).toBe(4)
    } finally {
      rmSync(copy, { recursive: true })
    }
  })

  it('has a byte that is wrong found', async () => {
    const copy = `${harness.directory}-damaged`
    const { cpSync, readFileSync, rmSync } = await import('node:fs')
    cpSync(`${harness.directory}/places-0`, `${copy}/places-0`, { recursive: true })
    try {
      const path = `${copy}/places-0/${'0'.repeat(20)}.log`
      const bytes = readFileSync(path)
      bytes[bytes.length - 1] ^= 1
      writeFileSync(path, bytes)
      writeFileSync(`${copy}/recovery-point-offset-checkpoint`, '0\n1\nplaces 0 5\n')
      expect(await millrace(`broker verify ${copy}`)).toMatchObject({
        code: 1,
        out: expect.stringMatching(/DAMAGED {2}.*places-0.* at byte 0: checksum/),
      })
      expect((await millrace(`broker dump-log ${path}`)).out).toBe('byte 0: DAMAGED, checksum')
      expect(await millrace(`broker repair ${copy}`)).toMatchObject({
        code: 1,
        notes: expect.stringContaining('Batches are never changed'),
      })
      expect(readFileSync(path)).toEqual(bytes)
    } finally {
      rmSync(copy, { recursive: true })
    }
  })
})

describe('without a broker', () => {
  it.each(['topic list', 'consume x', 'produce x', 'groups list', 'broker status'])(
    '"%s" ends with exit code 3',
    async (line) => {
      const terminal = recordingTerminal(true)
      expect(await runCli([...line.split(' '), '--json', '-b', '127.0.0.1:1'], () => terminal)).toBe(3)
      expect(JSON.parse(terminal.outLines[0] as string)).toMatchObject({ error: { code: 'KAFKA_UNREACHABLE' } })
    },
  )
})
