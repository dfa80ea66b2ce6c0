/** Every option of the broker's process, of all its rooms. */
import type { AnyOption } from '../core/config/index.ts'
import * as groupOptions from './group/options.ts'
import { logOptions } from './log/options.ts'
import { topicDefaultOptions } from './metadata/settings.ts'
import { brokerOptions } from './options.ts'
import { securityOptions } from './security/options.ts'
import * as transactionOptions from './transaction/options.ts'

function declared(module: Readonly<Record<string, unknown>>): AnyOption[] {
  return Object.values(module).filter(
    (each): each is AnyOption => typeof each === 'object' && each !== null && 'key' in each && 'scope' in each,
  )
}

export const everyBrokerOption: readonly AnyOption[] = [
  ...brokerOptions,
  ...topicDefaultOptions,
  ...logOptions,
  ...securityOptions,
  ...declared(groupOptions),
  ...declared(transactionOptions),
]
