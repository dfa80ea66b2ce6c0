import { type ChildProcess, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Kafka, logLevel } from 'kafkajs'
import { type BrokerProcess, brokerUsers } from '../../support/kafka-clients/broker.ts'
import { CaseTable } from '../../support/kafka-clients/case-table.ts'
import { installKcat } from '../../support/kafka-clients/kcat.ts'
import { testClient } from '../../support/kafka-clients/suite.ts'
import { until } from '../../support/until.ts'

installKcat()
testClient('kcat', (broker) => new KcatCases(broker))

/** A kcat that runs: what it wrote so far, and its end. */
class Kcat {
  readonly child: ChildProcess
  readonly ended: Promise<number | null>
  notes = ''
  readonly #out: Buffer[] = []

  constructor(args: readonly string[]) {
    this.child = spawn('kcat', args, { stdio: ['pipe', 'pipe', 'pipe'] })
    this.child.stdout?.on('data', (data: Buffer) => this.#out.push(data))
    this.child.stderr?.on('data', (data: Buffer) => {
      this.notes += data.toString()
    })
    // One that ended before it read all says so by its code.
    this.child.stdin?.on('error', () => undefined)
    this.ended = new Promise((resolve) => this.child.on('close', (code) => resolve(code)))
  }

  get out(): Buffer {
    return Buffer.concat(this.#out)
  }

  get lines(): string[] {
    return this.out.toString().split('\n').slice(0, -1)
  }
}

/** Standard input is read by the kilobyte: what is shorter is sent when the input ends. */
const padding = '-'.repeat(1024)

class KcatCases extends CaseTable {
  readonly #broker: BrokerProcess

  constructor(broker: BrokerProcess) {
    super()
    this.#broker = broker
    this.define({
      codecs: () => this.#codecs(),
      records: () => this.#records(),
      'null-header': () => this.#nullHeader(),
      large: () => this.#large(),
      'too-large': () => this.#tooLarge(),
      groups: () => this.#pair('groups', 'range'),
      cooperative: () => this.#pair('cooperative', 'cooperative-sticky'),
      'static-members': () => this.#staticMembers(),
      'static-fencing': () => this.#staticFencing(),
      idempotence: () => this.#idempotence(),
      transactions: () => this.#transactions(),
      fencing: () => this.#fencing(),
      'admin-offsets': () => this.#offsets(),
      sasl: () => this.#sasl(),
      tls: () => this.#tls(),
      restart: (event) => this.#restart(event),
    })
  }

  /** `settings`: of librdkafka. */
  #start(args: readonly string[], settings: Readonly<Record<string, string>> = {}): Kcat {
    const options = Object.entries(settings).flatMap(([key, value]) => ['-X', `${key}=${value}`])
    const kcat = new Kcat(['-b', this.#broker.address, ...options, ...args])
    this.opened(() => kcat.child.kill('SIGKILL'))
    return kcat
  }

  async #run(args: readonly string[], input = '', settings: Readonly<Record<string, string>> = {}): Promise<Kcat> {
    const kcat = this.#start(args, settings)
    kcat.child.stdin?.end(input)
    const code = await kcat.ended
    if (code !== 0) throw new Error(`kcat ${args.join(' ')} ended with ${code}: ${kcat.notes}`)
    return kcat
  }

  /** This client makes no topics with partitions. */
  async #create(topic: string, numPartitions = 1): Promise<string> {
    const admin = new Kafka({ brokers: [this.#broker.address], logLevel: logLevel.NOTHING }).admin()
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions }], waitForLeaders: false })
    await admin.disconnect()
    return topic
  }

  #send(topic: string, values: readonly string[], args: readonly string[] = [], settings = {}): Promise<Kcat> {
    return this.#run(['-P', '-t', topic, ...args], values.map((each) => `${each}\n`).join(''), settings)
  }

  async #read(topic: string, args: readonly string[] = [], settings = {}): Promise<string[]> {
    const all = ['-C', '-t', topic, '-o', 'beginning', '-e', '-q', ...args]
    return (await this.#run(all, '', { 'fetch.wait.max.ms': '20', ...settings })).lines
  }

  async #codecs() {
    const found: Record<string, number> = {}
    for (const codec of ['none', 'gzip', 'snappy', 'lz4', 'zstd']) {
      const topic = await this.#create(`codec-${codec}`)
      const values = Array.from({ length: 200 }, (_, index) => `${codec}-${index}-${'x'.repeat(100)}`)
      await this.#send(topic, values, [], { 'compression.codec': codec })
      const got = await this.#read(topic)
      found[codec] = got.filter((value, index) => value === values[index]).length
    }
    return found
  }

  async #records() {
    const topic = await this.#create('records')
    await this.#send(topic, ['plain'], ['-k', 'a', '-H', 'h=x', '-H', 'empty='])
    await this.#send(topic, ['without key'])
    await this.#send(topic, ['c:'], ['-K', ':', '-Z'])
    await this.#send(topic, [':'], ['-K', ':'])
    return { records: (await this.#rows(topic)).map(({ key, payload, headers }) => ({ key, value: payload, headers })) }
  }

  async #rows(topic: string) {
    return (await this.#read(topic, ['-J'])).map((line) => {
      const row = JSON.parse(line) as { key: string | null; payload: string | null; headers?: string[] }
      // Names and values in turn.
      const flat = row.headers ?? []
      const headers = flat.flatMap((name, index) => (index % 2 === 0 ? [[name, flat[index + 1]]] : []))
      return { ...row, headers }
    })
  }

  async #nullHeader() {
    const topic = await this.#create('null-header')
    await this.#send(topic, ['x'], ['-H', 'null'])
    return { headers: (await this.#rows(topic))[0]?.headers }
  }

  async #large() {
    const topic = await this.#create('large')
    const value = randomBytes(999_936)
    const file = `${this.#broker.dataDirectory}/../large`
    writeFileSync(file, value)
    await this.#run(['-P', '-t', topic, file], '', { 'message.max.bytes': '2000000' })
    const { out } = await this.#run(['-C', '-t', topic, '-o', 'beginning', '-e', '-q', '-f', '%s'])
    return { bytes: out.length, same: out.equals(value) }
  }

  async #tooLarge() {
    const topic = await this.#create('too-large')
    const file = `${this.#broker.dataDirectory}/../too-large`
    writeFileSync(file, 'z'.repeat(1_200_000))
    const kcat = this.#start(['-P', '-t', topic, file], { 'message.max.bytes': '2000000' })
    await kcat.ended
    await this.#send(topic, ['small'])
    const refused = kcat.notes.includes('Broker: Message size too large')
    return { code: refused ? 10 : kcat.notes, after: await this.#read(topic) }
  }

  #fill(topic: string, name: string): Promise<unknown> {
    const values = (partition: number) => Array.from({ length: 10 }, (_, each) => `${name}-${partition}-${each}`)
    return Promise.all([0, 1, 2, 3].map((each) => this.#send(topic, values(each), ['-p', String(each)])))
  }

  #member(topic: string, settings: Readonly<Record<string, string>> = {}): Member {
    const common = {
      'auto.offset.reset': 'earliest',
      'session.timeout.ms': '6000',
      'heartbeat.interval.ms': '100',
      'fetch.wait.max.ms': '20',
      'auto.commit.interval.ms': '50',
    }
    return new Member(this.#start(['-G', topic, '-u', topic], { ...common, ...settings }))
  }

  async #pair(topic: string, strategy: string) {
    const settings = { 'partition.assignment.strategy': strategy }
    await this.#create(topic, 4)
    await this.#fill(topic, 'a')
    const first = this.#member(topic, settings)
    await until(() => first.values.length === 40)
    const alone = first.assigned.size
    const before = first.revoked
    const second = this.#member(topic, settings)
    await until(() => first.assigned.size === 2 && second.assigned.size === 2)
    const revoked = first.revoked - before
    await this.#fill(topic, 'b')
    await until(() => first.values.length + second.values.length >= 80)
    await second.leave()
    await until(() => first.assigned.size === 4)
    await this.#fill(topic, 'c')
    const distinct = () => new Set([...first.values, ...second.values]).size
    await until(() => distinct() === 120)
    await first.leave()
    return { alone, both: 2, revoked, after: 4, distinct: distinct() }
  }

  async #staticMembers() {
    const topic = await this.#create('static', 4)
    const first = this.#member(topic, { 'group.instance.id': 'one' })
    const second = this.#member(topic, { 'group.instance.id': 'two' })
    await until(() => first.assigned.size === 2 && second.assigned.size === 2)
    const before = [...second.assigned].sort().join()
    const { rebalances } = first
    await second.leave()
    const again = this.#member(topic, { 'group.instance.id': 'two' })
    await until(() => again.assigned.size === 2)
    const same = [...again.assigned].sort().join() === before && first.rebalances === rebalances
    await Promise.all([first.leave(), again.leave()])
    return { same }
  }

  async #staticFencing() {
    const topic = await this.#create('static-fencing')
    const settings = { 'group.instance.id': 'one' }
    const first = this.#member(topic, settings)
    await until(() => first.assigned.size === 1)
    const usurper = this.#member(topic, settings)
    await until(() => usurper.assigned.size === 1)
    await first.kcat.ended
    await usurper.leave()
    return { code: first.kcat.notes.includes('Static consumer fenced') ? 82 : first.kcat.notes }
  }

  async #idempotence() {
    const topic = await this.#create('idempotent')
    const values = Array.from({ length: 1000 }, (_, index) => String(index))
    await this.#send(topic, values, [], { 'enable.idempotence': 'true', 'batch.num.messages': '10' })
    return { ordered: (await this.#read(topic)).join() === values.join() }
  }

  async #transactions() {
    const topic = await this.#create('transactions', 2)
    const settings = { 'transactional.id': 'rounds', 'transaction.timeout.ms': '20000', 'linger.ms': '0' }
    for (let round = 0; round < 6; round++) {
      const values = (kind: string) => Array.from({ length: 10 }, (_, each) => `${kind}-${round}-${each}-${padding}`)
      const args = ['-p', String(round % 4 < 2 ? 0 : 1)]
      if (round % 2 === 0) {
        await this.#send(topic, values('committed'), args, settings)
        continue
      }
      // It aborts when it is interrupted.
      const before = (await this.#all(topic)).length
      const kcat = this.#start(['-P', '-t', topic, ...args], settings)
      kcat.child.stdin?.write(`${values('aborted').join('\n')}\n${padding}`)
      await this.#holds(topic, before + 10)
      kcat.child.kill('SIGINT')
      kcat.child.stdin?.end()
      await kcat.ended
    }
    const committed = await this.#read(topic, [], { 'isolation.level': 'read_committed' })
    const all = (await this.#all(topic)).filter((each) => !each.startsWith(padding))
    return {
      committed: committed.length,
      aborted: committed.filter((each) => each.startsWith('aborted')).length,
      all: all.length,
    }
  }

  /** Resolves once a topic holds so many records, of transactions that are open too. */
  async #holds(topic: string, count: number): Promise<void> {
    const limit = performance.now() + 25_000
    while ((await this.#all(topic)).length < count) {
      if (performance.now() > limit) throw new Error(`${topic} never holds ${count} records`)
    }
  }

  #all(topic: string): Promise<string[]> {
    return this.#read(topic, [], { 'isolation.level': 'read_uncommitted' })
  }

  async #fencing() {
    const topic = await this.#create('fenced')
    const settings = { 'transactional.id': 'fenced', 'linger.ms': '0' }
    const zombie = this.#start(['-P', '-t', topic], settings)
    zombie.child.stdin?.write(`zombie\n${padding}`)
    await this.#holds(topic, 1)
    await this.#send(topic, ['successor'], [], settings)
    zombie.child.stdin?.end()
    await zombie.ended
    const fenced = /fenced by a newer|FENCED|fenced/i.test(zombie.notes)
    return {
      code: fenced ? 90 : zombie.notes,
      values: await this.#read(topic, [], { 'isolation.level': 'read_committed' }),
    }
  }

  async #offsets() {
    const topic = await this.#create('offsets')
    await this.#send(topic, ['0', '1', '2', '3'])
    const between = Date.now() + 1
    await until(() => Date.now() > between)
    await this.#send(topic, ['4', '5', '6', '7', '8', '9'])
    const found: number[] = []
    for (const time of [-2, -1, between]) {
      const [line] = (await this.#run(['-Q', '-t', `${topic}:0:${time}`])).lines
      found.push(Number(line?.match(/offset (\d+)/)?.[1]))
    }
    return { found }
  }

  async #canLogin(address: string, settings: Readonly<Record<string, string>>): Promise<boolean> {
    const kcat = this.#start(['-b', address, '-L', '-m', '2'], settings)
    return (await kcat.ended) === 0
  }

  async #sasl() {
    const tries = (password: string) =>
      ['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'].map((mechanism) =>
        this.#canLogin(this.#broker.saslAddress, {
          'security.protocol': 'SASL_PLAINTEXT',
          ...loginOf(mechanism, password),
        }),
      )
    return { right: await Promise.all(tries(brokerUsers.alice)), wrong: await Promise.all(tries('wrong')) }
  }

  async #tls() {
    const secure = { 'security.protocol': 'SASL_SSL', ...loginOf('SCRAM-SHA-512', brokerUsers.alice) }
    const { secureAddress, caFile } = this.#broker
    const [trusted, untrusted] = await Promise.all([
      this.#canLogin(secureAddress, { ...secure, 'ssl.ca.location': caFile }),
      this.#canLogin(secureAddress, secure),
    ])
    return { trusted, untrusted }
  }

  async #restart(event: () => Promise<void>) {
    const topic = await this.#create('kept')
    const settings = {
      'enable.idempotence': 'true',
      'linger.ms': '0',
      'retry.backoff.ms': '50',
      'reconnect.backoff.max.ms': '200',
    }
    const kcat = this.#start(['-P', '-E', '-t', topic], settings)
    const values = Array.from({ length: 900 }, (_, index) => `${index}-${padding}`)
    const write = (from: number, to: number) => kcat.child.stdin?.write(`${values.slice(from, to).join('\n')}\n`)
    write(0, 300)
    await this.#holds(topic, 290)
    // Some before, some while nobody is there, some after.
    write(300, 500)
    const restarted = event()
    write(500, 700)
    await restarted
    write(700, 900)
    kcat.child.stdin?.end()
    // It ends well only when all are acknowledged.
    const code = await kcat.ended
    const got = await this.#read(topic)
    const distinct = new Set(got)
    const missing = values.filter((each) => !distinct.has(each)).length
    return { enough: code === 0, missing, duplicates: got.length - distinct.size }
  }
}

/** A member of a group, as kcat tells what it is given: `% Group g rebalanced (…): assigned: t [0], t [1]`, or
 * `… rebalanced: incremental assignment of 2 partition(s) (…): t [0], t [1]`. */
class Member {
  readonly kcat: Kcat

  constructor(kcat: Kcat) {
    this.kcat = kcat
  }

  get values(): string[] {
    return this.kcat.lines
  }

  get rebalances(): number {
    return this.#told().length
  }

  get revoked(): number {
    return this.#told().reduce((sum, { kind, partitions }) => sum + (kind === 'revoked' ? partitions.length : 0), 0)
  }

  /** Whether all at once or one by one: what was revoked is gone, what was assigned is there. */
  get assigned(): Set<number> {
    const assigned = new Set<number>()
    for (const { kind, partitions } of this.#told()) {
      for (const each of partitions) {
        if (kind === 'assigned') assigned.add(each)
        else assigned.delete(each)
      }
    }
    return assigned
  }

  #told(): { kind: string; partitions: number[] }[] {
    const lines = this.kcat.notes.matchAll(/rebalanced.*?(assigned|assignment|revoke)(.*)\n/g)
    return [...lines].map(([, kind, list]) => ({
      kind: kind === 'revoke' ? 'revoked' : 'assigned',
      partitions: [...(list as string).matchAll(/\[(\d+)\]/g)].map(([, partition]) => Number(partition)),
    }))
  }

  async leave(): Promise<void> {
    this.kcat.child.kill('SIGTERM')
    await this.kcat.ended
  }
}

function loginOf(mechanism: string, password: string): Record<string, string> {
  return { 'sasl.mechanism': mechanism, 'sasl.username': 'alice', 'sasl.password': password }
}
