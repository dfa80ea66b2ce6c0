/** What building a job may report. `{at}` is the place in the user's file, with a leading ' at ' word when it is known. */
import { defineErrors } from '../core/errors.ts'

export const sdkErrors = defineErrors('SDK', {
  BAD_DURATION: {
    text: '"{value}" is not a duration{at}',
    hint: "Write a number and a unit: '250ms', '5s', '1m', '1h', '1d'.",
    blame: 'user',
    retry: 'never',
  },
  BAD_WINDOW: { text: '{problem}{at}', blame: 'user', retry: 'never' },
  BAD_UID: {
    text: 'the uid of {what} is {value}{at}; a uid is a text of 1 to 200 characters that does not start with #',
    hint: 'The uid finds the state of an operator again after a change of the job: choose a name and keep it.',
    blame: 'user',
    retry: 'never',
  },
  DUPLICATE_UID: {
    text: 'the uid "{uid}" is given twice: to {first}{firstAt} and to {second}{secondAt}',
    hint: 'Give each operator a uid of its own.',
    blame: 'user',
    retry: 'never',
  },
  BAD_PARALLELISM: {
    text: 'the parallelism of {what} is {value}{at}; it must be a whole number from 1 to 32768',
    blame: 'user',
    retry: 'never',
  },
  BAD_OPTION: {
    text: '{what} has an option {option} of {value}{at}; expected {expected}',
    blame: 'user',
    retry: 'never',
  },
  UNKNOWN_OPTION: {
    text: '{what} has no option "{option}"{at}{suggestion}',
    hint: 'Its options are: {options}.',
    blame: 'user',
    retry: 'never',
  },
  BAD_ARGUMENT: { text: '{what} needs {expected}, it was given {value}{at}', blame: 'user', retry: 'never' },
  UNKNOWN_FIELD: {
    text: '{what} names the field "{field}", which the records do not have{at}{suggestion}',
    hint: 'The records have: {fields}.',
    blame: 'user',
    retry: 'never',
  },
  NOT_NUMERIC: {
    text: '{what} needs a number, and the field "{field}" is declared as {type}{at}',
    blame: 'user',
    retry: 'never',
  },
  OUTPUT_NAME_TAKEN: {
    text: '{what} would emit two fields called "{field}"{at}',
    hint: 'Choose another name for the aggregate: the key and the window have fields of their own.',
    blame: 'user',
    retry: 'never',
  },
  ASYNC_FUNCTION: {
    text: '{what} returns a promise{at}, and records do not wait here',
    hint: 'Make the function synchronous.',
    blame: 'user',
    retry: 'never',
  },
  NO_SINK: {
    text: 'the job "{job}" has no sink: nothing that it computes would be seen',
    hint: 'End a stream with .to(sink.print(), …).',
    blame: 'user',
    retry: 'never',
  },
  NO_SUCH_OUTPUT: {
    text: '{what} has no side output "{tag}"{at}{suggestion}',
    hint: 'Declare it: in `sides` of process, or as `lateOutput` of a window.',
    blame: 'user',
    retry: 'never',
  },
  BAD_MIGRATION: {
    text: '{what} {problem}',
    hint: 'End it with the type of the state: state.from(Old).to(New, (old) => …), where New is what the state is declared with.',
    blame: 'user',
    retry: 'never',
  },
  MERGE_MISSING: {
    text: '{what} has no merge function{at}, and {windows} windows put accumulators together',
    hint: 'Add merge: (a, b) => …',
    blame: 'user',
    retry: 'never',
  },
  FOREIGN_STREAM: {
    text: 'a stream of another job is used{at}',
    hint: 'Streams live inside the function that builds them; do not keep them in variables outside.',
    blame: 'user',
    retry: 'never',
  },
  BUILD_OVER: {
    text: 'the job "{job}" was already built when another operator was added{at}',
    hint: 'Build the whole graph inside of defineJob, synchronously.',
    blame: 'user',
    retry: 'never',
  },
  BUILD_ASYNC: {
    text: 'the function that builds the job "{job}" returns a promise',
    hint: 'Building a graph is pure and synchronous: it runs in the client and again in every slot.',
    blame: 'user',
    retry: 'never',
  },
  NOT_A_JOB: {
    text: '{what} is not a job: {found}',
    hint: "Export one: export default defineJob('name', (env) => …).",
    blame: 'user',
    retry: 'never',
  },
  BAD_JOB_NAME: {
    text: 'the name of a job is {value}; it must be a text of 1 to 200 characters',
    blame: 'user',
    retry: 'never',
  },
  PLAN_DIFFERS: {
    text: 'the job "{job}" builds another graph here ({found}) than the one that was submitted ({expected})',
    hint: 'Building a graph must give the same result each time: no clock, no randomness, no files, no environment variables; read parameters with env.option.',
    blame: 'user',
    retry: 'never',
  },
  BAD_GRAPH: { text: 'the graph of the job "{job}" is broken: {problem}', blame: 'internal', retry: 'never' },
  VALIDATION_FAILED: { text: 'a record does not satisfy its schema: {problem}', blame: 'user', retry: 'never' },
  VALIDATION_ASYNC: {
    text: 'the schema of {vendor} validates asynchronously, and records do not wait here',
    hint: 'Use a schema without asynchronous checks.',
    blame: 'user',
    retry: 'never',
  },
  BAD_TYPE: { text: '{problem}', blame: 'user', retry: 'never' },
})

/** Of programs that wait for a job (`millrace/client`). */
export const clientErrors = defineErrors('CLIENT', {
  JOB_FAILED: {
    text: 'job {job} has failed: {reason}',
    hint: 'job.info() has the failures, job.logs() what came before.',
    blame: 'user',
    retry: 'never',
  },
  JOB_CANCELED: { text: 'job {job} was canceled', blame: 'user', retry: 'never' },
  JOB_FINISHED: { text: 'job {job} has finished already', blame: 'user', retry: 'never' },
})
