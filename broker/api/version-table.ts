/**
 * Which APIs are served, in which versions, by whom: the tables of all rooms merged, with the codecs. ApiVersions and the
 * dispatch read only this. What no room serves is not advertised. Immutable once made.
 */
import { assert } from '../../core/assert.ts'
import { apis } from '../../proto/kafka/messages/apis.ts'
import type { KafkaReader } from '../../proto/kafka/reader.ts'
import type { KafkaWriter } from '../../proto/kafka/writer.ts'
import type { Answer, ApiHandler, HandlerEntry, HandlerTable } from './handler.ts'
import { RequestTimes } from './request-times.ts'

/** An API as the dispatch uses it. */
export interface ServedApi {
  readonly key: number
  readonly name: string
  readonly minVersion: number
  readonly maxVersion: number
  readonly advertisedMinVersion: number
  /** First version with tagged fields. */
  readonly flexibleFrom: number
  readonly pipelined: boolean
  readonly borrows: boolean
  readonly handle: ApiHandler<unknown, unknown>
  readonly failed: ((request: unknown, error: number, version: number) => Answer<unknown>) | undefined
  readonly readRequest: (reader: KafkaReader, version: number) => unknown
  readonly writeResponse: (writer: KafkaWriter, response: unknown, version: number) => void
  /** Plain counters, read by the metrics. */
  readonly counts: { requests: number; failures: number; readonly times: RequestTimes }
}

interface Codec {
  readonly key: number
  readonly name: string
  readonly lowest: number
  readonly highest: number
  readonly flexibleFrom: number
  readonly readRequest: (reader: KafkaReader, version: number) => unknown
  readonly writeResponse: (writer: KafkaWriter, response: never, version: number) => void
}

export class VersionTable {
  /** By key; holes where nothing is served. */
  readonly #byKey: (ServedApi | undefined)[] = []

  constructor(tables: readonly HandlerTable[]) {
    const codecs = apis as Readonly<Record<string, Codec>>
    for (const table of tables) {
      for (const [name, entry] of Object.entries(table)) {
        const codec = codecs[name]
        assert(codec !== undefined, `there is no codec of ${name}`)
        assert(this.#byKey[codec.key] === undefined, `${name} is served twice`)
        this.#byKey[codec.key] = served(codec, entry)
      }
    }
  }

  get(key: number): ServedApi | undefined {
    return key < 0 ? undefined : this.#byKey[key]
  }

  /** In the order of their keys. */
  get all(): readonly ServedApi[] {
    return this.#byKey.filter((each) => each !== undefined)
  }
}

function served(codec: Codec, entry: HandlerEntry<never, unknown>): ServedApi {
  const { minVersion, maxVersion } = entry
  assert(minVersion >= codec.lowest && maxVersion <= codec.highest, `${codec.name}: versions without a codec`)
  return {
    key: codec.key,
    name: codec.name,
    minVersion,
    maxVersion,
    advertisedMinVersion: entry.advertisedMinVersion ?? minVersion,
    flexibleFrom: codec.flexibleFrom,
    pipelined: entry.pipelined === true,
    borrows: entry.borrows === true,
    handle: entry.handle as ApiHandler<unknown, unknown>,
    failed: entry.failed?.bind(entry) as ServedApi['failed'],
    readRequest: codec.readRequest,
    writeResponse: codec.writeResponse as ServedApi['writeResponse'],
    counts: { requests: 0, failures: 0, times: new RequestTimes() },
  }
}
