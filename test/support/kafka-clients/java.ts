/** Kafka's Java clients and command-line tools, two releases apart, and programs of our own against them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { clientsDirectory, debian, installOnce, onPath, succeeds } from '../install.ts'

/** The last 3.x, whose clients still speak old versions, and the newest. */
export type KafkaRelease = '3.9.1' | '4.3.1'

/** What is installed together; Streams without the store that it need not have. */
type Jars = `kafka-${KafkaRelease}` | 'kafka-streams-4.3.1'

const programs = fileURLToPath(new URL('./java', import.meta.url))
const folder = (jars: Jars): string => `${clientsDirectory}/${jars}`

const dependency = (artifact: string, version: string, more = '', group = 'org.apache.kafka'): string =>
  `<dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version>${more}</dependency>`

const pom = (...dependencies: readonly string[]): string => `<project><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>kafka-clients</artifactId><version>1</version>
<dependencies>
  ${[...dependencies, dependency('slf4j-nop', '1.7.36', '', 'org.slf4j')].join('\n  ')}
</dependencies></project>`

function install(jars: Jars, ...dependencies: readonly string[]): boolean {
  if (!['javac', 'mvn'].every(onPath) && !debian('default-jdk-headless', 'maven')) return false
  mkdirSync(folder(jars), { recursive: true })
  writeFileSync(`${folder(jars)}/pom.xml`, pom(...dependencies))
  return succeeds('mvn', [
    '-q',
    '-B',
    '-f',
    `${folder(jars)}/pom.xml`,
    'dependency:copy-dependencies',
    '-DoutputDirectory=jars',
    '-DincludeScope=runtime',
  ])
}

/** Java as well. */
export const installKafkaJava = (release: KafkaRelease): void =>
  installOnce(`kafka-${release}`, () =>
    install(`kafka-${release}`, dependency('kafka_2.13', release), dependency('kafka-tools', release)),
  )

/** Kafka Streams, with state in memory. */
export const installKafkaStreams = (): void => {
  const store = '<exclusion><groupId>org.rocksdb</groupId><artifactId>rocksdbjni</artifactId></exclusion>'
  const streams = dependency('kafka-streams', '4.3.1', `<exclusions>${store}</exclusions>`)
  installOnce('kafka-streams-4.3.1', () => install('kafka-streams-4.3.1', streams))
}

/** Arguments of `java` that run one of Kafka's own tools by its class. */
export function kafkaTool(release: KafkaRelease, mainClass: string, ...args: readonly string[]): string[] {
  return [...jvm, '-cp', `${folder(`kafka-${release}`)}/jars/*`, mainClass, ...args]
}

/** Arguments of `java` that run a program of `test/support/kafka-clients/java`, one source file, against a release. */
export function javaProgram(release: KafkaRelease, name: string, ...args: readonly string[]): string[] {
  return [...jvm, '-cp', `${folder(`kafka-${release}`)}/jars/*`, `${programs}/${name}.java`, ...args]
}

/** The same for a program of Kafka Streams. */
export function streamsProgram(name: string, ...args: readonly string[]): string[] {
  return [...jvm, '-cp', `${folder('kafka-streams-4.3.1')}/jars/*`, `${programs}/${name}.java`, ...args]
}

/** Short runs: little heap, no second compiler. */
const jvm = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']
