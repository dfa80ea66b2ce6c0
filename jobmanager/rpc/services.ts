/** What a JobManager serves, and how it is exchanged while calls come in: services of one that stands by against those of a leader. */
import type { ServiceDefinition, UntypedServiceImplementation } from '@grpc/grpc-js'
import { clientMethods, controlMethods } from '../../proto/generated/services.ts'

export interface Services {
  readonly control: UntypedServiceImplementation
  readonly client: UntypedServiceImplementation
}

/** Each call goes to what `current` gives at that moment. */
export function switching(current: () => Services): Services {
  const of = (
    methods: object,
    pick: (services: Services) => UntypedServiceImplementation,
  ): UntypedServiceImplementation =>
    Object.fromEntries(
      Object.keys(methods).map((name) => [
        name,
        (...args: readonly unknown[]) =>
          (pick(current())[name] as unknown as (...all: readonly unknown[]) => void)(...args),
      ]),
    ) as unknown as UntypedServiceImplementation
  return {
    control: of(controlMethods satisfies ServiceDefinition, ({ control }) => control),
    client: of(clientMethods satisfies ServiceDefinition, ({ client }) => client),
  }
}
