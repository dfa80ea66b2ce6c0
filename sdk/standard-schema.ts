/** Standard Schema (https://standardschema.dev, version 1): the interface that zod, valibot, arktype and others share. */
import { sdkErrors } from './errors.ts'

export interface StandardSchema<Output> {
  readonly '~standard': {
    readonly version: 1
    readonly vendor: string
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined
  }
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] }

export interface StandardIssue {
  readonly message: string
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined
}

/** A synchronous check from a schema. The check throws SDK_VALIDATION_FAILED with what is wrong and where. */
export function standardValidator<T>(schema: StandardSchema<T>): (value: unknown) => T {
  const standard = schema?.['~standard']
  if (typeof standard?.validate !== 'function') {
    throw sdkErrors.create('BAD_TYPE', {
      problem: 't.from needs a Standard Schema: an object with a "~standard" property',
    })
  }
  return (value) => {
    const result = standard.validate(value)
    if (result instanceof Promise) {
      // Its outcome is of no interest, but a rejection must not end the process.
      result.catch(() => undefined)
      throw sdkErrors.create('VALIDATION_ASYNC', { vendor: standard.vendor })
    }
    if (result.issues === undefined) return result.value
    throw sdkErrors.create('VALIDATION_FAILED', { problem: result.issues.map(describe).join('; ') })
  }
}

function describe(issue: StandardIssue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.')
  return path === '' ? issue.message : `${path}: ${issue.message}`
}
