/** Failures of the broker's process: its start, its configuration, its listeners. Errors of requests are Kafka's own codes. */
import { defineErrors } from '../core/errors.ts'

export const brokerErrors = defineErrors('BROKER', {
  INSECURE_LISTENER: {
    text: 'the listener {listener} is not on a loopback address, and it has no {missing}',
    hint: 'Give it TLS and SASL (broker.listeners, broker.tls.*, broker.sasl.*), or accept it: -D broker.listener.allow-insecure=true',
    blame: 'user',
    retry: 'never',
  },
  BAD_LISTENER: {
    text: '{listener} is not a listener: {reason}',
    hint: 'Write NAME://host:port, several with commas.',
    blame: 'user',
    retry: 'never',
  },
  PORT_IN_USE: {
    text: 'cannot listen on {address}: something else listens there',
    hint: 'Is a broker running already? Otherwise choose another port: --listen HOST:PORT, or broker.listeners.',
    blame: 'user',
    retry: 'backoff',
  },
  CANNOT_LISTEN: { text: 'cannot listen on {address}: {reason}', blame: 'external', retry: 'backoff' },
  TLS_FILE: {
    text: 'cannot use {path} for TLS: {reason}',
    hint: 'Keys and certificates are PEM files that the user of the broker can read.',
    blame: 'user',
    retry: 'never',
  },
  METADATA_UNREADABLE: {
    text: 'the metadata log cannot be read at offset {offset}: {reason}',
    hint: 'The topics of this data directory are described there. Restore it from a copy, or open it with the version that wrote it.',
    blame: 'external',
    retry: 'never',
  },
  METADATA_NEWER: {
    text: 'the metadata log has a record of format {version}; this version reads up to {known}',
    hint: 'It was written by a newer version. Use that one.',
    blame: 'user',
    retry: 'never',
  },
  METADATA_FAILED: { text: 'the metadata log takes no more records: {reason}', blame: 'external', retry: 'never' },
  METADATA_MISSING: {
    text: 'the data directory {path} has partitions of topics, but no metadata log',
    hint: 'Restore the directory __cluster_metadata-0 from a copy. An empty data directory starts a new cluster.',
    blame: 'user',
    retry: 'never',
  },
})
