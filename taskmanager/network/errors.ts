/** What the exchange between subtasks may report. */
import { defineErrors } from '../../core/errors.ts'

export const networkErrors = defineErrors('NETWORK', {
  BAD_PARTITION: {
    text: 'the function of partition "{name}" gave {value}; it must give a whole number from 0 to below {channels}',
    blame: 'user',
    retry: 'never',
  },
  NO_KEY: {
    text: 'keyBy finds no key: {problem}',
    hint: 'Every record needs a key. Take records that have none out with filter(…) before keyBy(…), or give them one.',
    blame: 'user',
    retry: 'never',
  },
  CONNECTION_LOST: {
    text: 'connection to TaskManager {taskManager} lost: {reason}',
    hint: 'The log of that TaskManager says why it went away.',
    blame: 'external',
    retry: 'now',
  },
  CONNECT_FAILED: {
    text: 'cannot connect to the data port {address} of TaskManager {taskManager}: {reason}',
    hint: 'Data ports must be reachable between TaskManagers: check taskmanager.host and firewalls.',
    blame: 'external',
    retry: 'backoff',
  },
  REFUSED: {
    text: 'TaskManager {taskManager} refused the data connection: {reason}',
    blame: 'internal',
    retry: 'backoff',
  },
  BAD_FRAME: { text: 'bytes on a data connection are no frame: {reason}', blame: 'internal', retry: 'now' },
  MEMORY_TOO_SMALL: {
    text:
      'insufficient network memory: job "{job}" needs at least {needed} segments of {segmentSize} on each TaskManager ' +
      'that runs {slots} slots of it, and TaskManager {taskManager} has {available}',
    hint: 'Set taskmanager.memory.network.size to {size} or more, or lower taskmanager.memory.segment-size.',
    blame: 'user',
    retry: 'never',
  },
  MEMORY_PROMISED: {
    text:
      'insufficient network memory: job "{job}" needs at least {needed} segments of {segmentSize} on TaskManager ' +
      '{taskManager}, where other jobs leave {available}',
    hint: 'Set taskmanager.memory.network.size to {size} or more, or end one of the other jobs.',
    blame: 'user',
    retry: 'backoff',
  },
  NO_SEGMENT: {
    text: 'no memory is free for the exchange between subtasks',
    hint: 'Raise taskmanager.memory.network.size.',
    blame: 'user',
    retry: 'backoff',
  },
})
