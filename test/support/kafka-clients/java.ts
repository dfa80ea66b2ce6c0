/** Kafka's Java clients and command-line tools, two releases apart, and programs of our own against them. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { clientsDirectory, debian, installOnce, onPath, succeeds } from '../install.ts'

/** The last 3.x, whose clients still speak old versions, and the newest. */
export type KafkaRelease = '3.9.1' | '4.3.1'

const programs = fileURLToPath(new URL('./java', import.meta.url))
const folder = (release: KafkaRelease): string => `${clientsDirectory}/kafka-${release}`

const pom = (release: KafkaRelease): string => `<project><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>kafka-clients</artifactId><version>1</version>
<dependencies>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${release}</version></dependency>
  <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>${release}</version></dependency>
  <dependency><groupId>org.slf4j</groupId><artifactId>slf4j-nop</artifactId><version>1.7.36</version></dependency>
</dependencies></project>`

function install(release: KafkaRelease): boolean {
  if (!['javac', 'mvn'].every(onPath) && !debian('default-jdk-headless', 'maven')) return false
  mkdirSync(folder(release), { recursive: true })
  writeFileSync(`${folder(release)}/pom.xml`, pom(release))
  return succeeds('mvn', [
    '-q',
    '-B',
    '-f',
    `${folder(release)}/pom.xml`,
    'dependency:copy-dependencies',
    '-DoutputDirectory=jars',
    '-DincludeScope=runtime',
  ])
}

/** Java as well. */
export const installKafkaJava = (release: KafkaRelease): void => installOnce(`kafka-${release}`, () => install(release))

/** Arguments of `java` that run one of Kafka's own tools by its class. */
export function kafkaTool(release: KafkaRelease, mainClass: string, ...args: readonly string[]): string[] {
  return [...jvm, '-cp', `${folder(release)}/jars/*`, mainClass, ...args]
}

/** Arguments of `java` that run a program of `test/support/kafka-clients/java`, one source file, against a release. */
export function javaProgram(release: KafkaRelease, name: string, ...args: readonly string[]): string[] {
  return [...jvm, '-cp', `${folder(release)}/jars/*`, `${programs}/${name}.java`, ...args]
}

/** Short runs: little heap, no second compiler. */
const jvm = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Xshare:auto']
