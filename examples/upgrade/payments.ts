/** Payments for the versions of the job `spend`: made up, the same ones each time, 200 a second, without end. */
import { source, t } from 'millrace'

const names = ['ann', 'bob', 'cyd'] as const
const countries = ['de', 'fr', 'it'] as const

export const Payment = t.object({ account: t.string(), country: t.string(), cents: t.int32() })

/** Each account pays from one country. */
export const payments = source.generator({
  type: Payment,
  rate: 200,
  create: (n) => ({
    account: names[n % 3] as string,
    country: countries[n % 3] as string,
    cents: 100 + ((n * 7919) % 900),
  }),
})

export const options = { 'execution.checkpointing.interval': '1s' }
