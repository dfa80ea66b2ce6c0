/** What an operator may report. */
import { defineErrors } from '../../core/errors.ts'

export const operatorErrors = defineErrors('OPERATOR', {
  RETURNS_PROMISE: {
    text: 'a function of {operator} returns a promise, and records do not wait here',
    hint: 'Make the function synchronous.',
    blame: 'user',
    retry: 'never',
  },
  NOT_ITERABLE: {
    text: 'flatMap must return an iterable of records or nothing, it returned {value}',
    hint: 'Return an array, or call emit(record) and return nothing.',
    blame: 'user',
    retry: 'never',
  },
  NO_EVENT_TIME: {
    text: 'a record has no event time ({value}), which {what} needs',
    hint: 'Give the source an eventTime: env.from(source, { uid, eventTime: (x) => x.at }).',
    blame: 'user',
    retry: 'never',
  },
  BAD_EVENT_TIME: {
    text: 'eventTime gave {value}; it must give a number of epoch milliseconds',
    blame: 'user',
    retry: 'never',
  },
  NOT_A_NUMBER: { text: "{fn}('{field}') needs a number, the record has {value}", blame: 'user', retry: 'never' },
  NOT_AN_INT64: { text: "{fn}('{field}') needs an int64, the record has {value}", blame: 'user', retry: 'never' },
  NO_SIDE_OUTPUT: {
    text: 'nothing is known of a side output "{tag}"',
    hint: 'Name it in the operator that emits to it.',
    blame: 'user',
    retry: 'never',
  },
  SESSION_NEEDS_MERGE: {
    text: 'session and sliding windows merge accumulators, and the aggregate has no merge function',
    hint: 'Add merge: (a, b) => …',
    blame: 'user',
    retry: 'never',
  },
  NO_TIMERS: {
    text: 'timers belong to a key, and this stream is not keyed',
    hint: 'Put keyBy(…) before process.',
    blame: 'user',
    retry: 'never',
  },
  BAD_TIMER: {
    text: 'a timer must be set to a number of epoch milliseconds, not {value}',
    blame: 'user',
    retry: 'never',
  },
  UNTYPED_COLUMNS: {
    text: 'source {source} writes columns and declares no type',
    hint: 'Give the source a type.',
    blame: 'user',
    retry: 'never',
  },
  NO_MEMORY: {
    text: 'no segment of the arena is free',
    hint: 'Raise taskmanager.memory.network.size.',
    blame: 'user',
    retry: 'backoff',
  },
  UNKNOWN_KIND: { text: 'this version cannot run an operator of kind {kind}', blame: 'internal', retry: 'never' },
})
