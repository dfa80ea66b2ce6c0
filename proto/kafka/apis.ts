/**
 * The APIs of the Kafka protocol that this project can read and write: key, versions, codecs of both directions, versions
 * of the headers. Which of them a broker serves, and in which versions, is decided elsewhere. Constant data.
 */
import { apis } from './messages/apis.ts'

export { apis } from './messages/apis.ts'

export type ApiName = keyof typeof apis
/** The request of an API, as its reader gives it. */
export type RequestOf<Name extends ApiName> = ReturnType<(typeof apis)[Name]['readRequest']>
/** The response of an API, as its reader gives it. */
export type ResponseOf<Name extends ApiName> = ReturnType<(typeof apis)[Name]['readResponse']>

/** Version of the header in front of a request. */
export function requestHeaderVersion(api: { readonly flexibleFrom: number }, version: number): 1 | 2 {
  return version >= api.flexibleFrom ? 2 : 1
}

/** Version of the header in front of a response. ApiVersions keeps the old one, since its reader knows no version yet. */
export function responseHeaderVersion(
  api: { readonly key: number; readonly flexibleFrom: number },
  version: number,
): 0 | 1 {
  return version >= api.flexibleFrom && api.key !== apis.ApiVersions.key ? 1 : 0
}
