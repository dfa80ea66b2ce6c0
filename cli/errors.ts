/** What the command line may report by itself; everything else comes from the rooms below. */
import { defineErrors } from '../core/errors.ts'

export const cliErrors = defineErrors('CLI', {
  NO_SUCH_FILE: { text: 'there is no file {file}', hint: '{suggestion}', blame: 'user', retry: 'never' },
  DOES_NOT_COMPILE: { text: '{file} does not compile:\n{messages}', blame: 'user', retry: 'never' },
  NATIVE_ADDON: {
    text: '{file} needs a native addon ({addon}), which cannot travel in a bundle',
    hint: 'Use a package that is plain JavaScript or WebAssembly.',
    blame: 'user',
    retry: 'never',
  },
  NO_DEFAULT_EXPORT: {
    text: '{file} has no default export',
    hint: "A job is one: export default defineJob('name', (env) => { … })",
    blame: 'user',
    retry: 'never',
  },
  NOT_A_JOB: {
    text: 'the default export of {file} is {found}, not a job',
    hint: "Make it one: export default defineJob('name', (env) => { … })",
    blame: 'user',
    retry: 'never',
  },
  JOB_THROWS: { text: '{file} throws while the job is built: {reason}', blame: 'user', retry: 'never' },
  BAD_ARGUMENT: { text: '{problem}', blame: 'user', retry: 'never' },
  UNKNOWN_CODE: { text: 'no error is called {error}.{suggestion}', blame: 'user', retry: 'never' },
  JOB_FAILED: { text: 'the job {job} failed', blame: 'user', retry: 'never' },
  JOB_CANCELED: { text: 'the job {job} was canceled', blame: 'user', retry: 'never' },
})
