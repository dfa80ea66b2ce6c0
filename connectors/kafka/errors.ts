/** Failures of the Kafka source and sink. Those of the client under them are in client/errors.ts. */
import { defineErrors } from '../../core/errors.ts'

export const kafkaConnectorErrors = defineErrors('KAFKA_CONNECTOR', {
  NO_TOPIC: {
    text: '{connector}: there is no topic {topic} at {brokers}',
    hint: 'Make it first (`millrace topic create {topic}`), or correct the name; sink.kafka makes topics when it is given createTopic.',
    blame: 'user',
    retry: 'never',
  },
  NO_BROKERS: {
    text: '{connector} names no brokers, and the job has no option kafka.brokers',
    hint: 'Give `brokers`, or set kafka.brokers: with `-D kafka.brokers=HOST:PORT`, MILLRACE_KAFKA_BROKERS, or in millrace.yaml. `millrace dev` starts a broker of its own.',
    blame: 'user',
    retry: 'never',
  },
  BROKEN_RECORD: { text: '{where}: {problem}', blame: 'external', retry: 'never' },
  DAMAGED: { text: '{where}: {problem}', blame: 'external', retry: 'backoff' },
  OFFSET_GONE: {
    text: '{where} is not in the log any more, or not yet',
    hint: 'Its records were deleted before they were read, or the topic was made anew. Give outOfRange: "earliest" or "latest" to go on elsewhere, and lose or repeat records.',
    blame: 'external',
    retry: 'never',
  },
  OTHER_TOPIC: {
    text: '{where}: the topic is not the one whose offsets the job has',
    hint: 'It was deleted and made anew, or kafka.brokers leads to another cluster than before. Point the job to the old one; or start it without this state, so that it reads from `start` on (give the source another uid, and allow state that is not restored).',
    blame: 'user',
    retry: 'never',
  },
  TRANSACTION_LOST: {
    text: 'the transaction of {transactionalId}, which a checkpoint holds, cannot be committed any more: {reason}',
    hint: 'It was open for longer than its time-out, and the broker aborted it: its records are lost. Raise transactionTimeout above the longest stop of the job, and restore from an older checkpoint to write them again.',
    blame: 'external',
    retry: 'never',
  },
  TRANSACTION_TIMEOUT: {
    text: 'transactions of {timeout} are too short: a checkpoint is taken every {interval}, and a transaction stays open until one is complete',
    hint: 'Raise transactionTimeout (and transaction.max.timeout.ms of the broker), or take checkpoints more often.',
    blame: 'user',
    retry: 'never',
  },
  TRANSACTION_TIMEOUT_REFUSED: {
    text: 'the brokers allow no transactions of {timeout}',
    hint: 'Give sink.kafka a transactionTimeout that is not above transaction.max.timeout.ms of the brokers (15m unless told otherwise), or raise that. "never", which checkpoints less often than every 15m need too unless told otherwise, wants a broker of Millrace with broker.transaction.two.phase.commit.enable and, with ACLs, the operation two-phase-commit on the transactional ids.',
    blame: 'user',
    retry: 'never',
  },
  NO_PARTITION: {
    text: 'the record for {topic} is to go into partition {partition}; there are {count}',
    blame: 'user',
    retry: 'never',
  },
})
