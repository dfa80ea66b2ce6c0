import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isMillraceError } from '../../../../core/errors.ts'
import { KafkaReader } from '../../../../proto/kafka/reader.ts'
import { KafkaWriter } from '../../../../proto/kafka/writer.ts'
import { generateCodecs } from '../../../../scripts/build-kafka-codecs.ts'
import { allCodecs, messageOf } from '../../../support/kafka-messages.ts'

const folder = fileURLToPath(new URL('../../../../proto/kafka/messages/', import.meta.url))
const writer = new KafkaWriter()

describe('the codecs of messages', () => {
  it('are what the tables say', () => {
    const fresh = generateCodecs()
    expect(readdirSync(folder).sort()).toEqual([...fresh.keys()].sort())
    for (const [name, text] of fresh) {
      const kept = readFileSync(folder + name, 'utf8')
      expect(kept === text, `messages/${name} is old: node scripts/build-kafka-codecs.ts`).toBe(true)
    }
  })
})

describe('a message comes back as it was written, in every version', async () => {
  for (const codec of await allCodecs()) {
    it(codec.schema.name, () => {
      const { versions } = codec.schema
      for (let version = versions.from; version <= versions.to; version++) {
        fc.assert(
          fc.property(messageOf(codec.schema, version), (message) => {
            writer.begin()
            codec.write(writer, message, version)
            const bytes = writer.finishOne()
            expect(bytes.readInt32BE(0)).toBe(bytes.length - 4)
            const reader = new KafkaReader(bytes, 4)
            expect(codec.read(reader, version)).toEqual(message)
            expect(reader.remaining).toBe(0)
          }),
          { numRuns: 12 },
        )
      }
    })
  }
})

describe('a message that is cut off', async () => {
  const codecs = await allCodecs()
  it('is refused with a code, at every length', () => {
    for (const codec of codecs) {
      const version = codec.schema.versions.to
      const [message] = fc.sample(messageOf(codec.schema, version), { numRuns: 1, seed: 7 })
      writer.begin()
      codec.write(writer, message, version)
      const bytes = writer.finishOne()
      for (let end = 4; end < bytes.length; end++) {
        try {
          codec.read(new KafkaReader(bytes, 4, end), version)
          expect.unreachable(`${codec.schema.name} was read from ${end} of ${bytes.length} bytes`)
        } catch (error) {
          if (!isMillraceError(error)) throw error
          expect(error.code).toMatch(/^KAFKA_WIRE_/)
        }
      }
    }
  })
})
