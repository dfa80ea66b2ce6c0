/**
 * What can go wrong with a batch of columns. Pure data.
 */
import { defineErrors } from '../errors.ts'

export const columnErrors = defineErrors('COLUMNS', {
  WRONG_TYPE: {
    text: 'field {field} is declared {expected}, but the record has {value}',
    hint: 'Correct the declared type (t.*), or the function that makes the record.',
    blame: 'user',
    retry: 'never',
  },
  RECORD_TOO_LARGE: {
    text: 'a record of {bytes} bytes is larger than the largest segment ({limit} bytes)',
    hint: 'Split the record, or keep its large part outside and pass a reference.',
    blame: 'user',
    retry: 'never',
  },
  NOT_A_VALUE: {
    text: 'a {what} cannot be kept as data{where}',
    hint: 'Records hold plain objects, arrays, strings, numbers, bigints, booleans, null, undefined, Date, Uint8Array, Map and Set.',
    blame: 'user',
    retry: 'never',
  },
  TOO_DEEP: {
    text: 'a value is nested deeper than {limit} levels',
    hint: 'A value must not contain itself.',
    blame: 'user',
    retry: 'never',
  },
  CORRUPT: { text: 'these bytes are not a batch: {reason}', blame: 'external', retry: 'never' },
  NO_SEGMENT: {
    text: 'no segment of {bytes} bytes is free for the strings of a batch',
    hint: 'Raise taskmanager.memory.network.size.',
    blame: 'external',
    retry: 'backoff',
  },
  NOT_WRITTEN: { text: 'field {field} was not written before commit', blame: 'user', retry: 'never' },
  NO_FIELD: { text: 'there is no field {field}; there are {fields}', blame: 'user', retry: 'never' },
  WRONG_COLUMN: { text: 'field {field} is {actual}, not {expected}', blame: 'internal', retry: 'never' },
})
