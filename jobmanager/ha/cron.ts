/** Times by cron, in UTC. Pure. */
import { createRequire } from 'node:module'
import type { ValueType } from '../../core/config/values.ts'

// Every process knows all options; few have one that is a cron, and its parser brings a calendar.
const require = createRequire(import.meta.url)

/** Epoch ms of the first time after `afterMs`. Throws an Error for what is no cron. */
export function nextTime(expression: string, afterMs: number): number {
  const { CronExpressionParser } = require('cron-parser') as typeof import('cron-parser')
  return CronExpressionParser.parse(expression, { currentDate: new Date(afterMs), tz: 'UTC' })
    .next()
    .getTime()
}

/** Five fields, or six with seconds first. */
export function cron(): ValueType<string> {
  return {
    name: 'cron',
    parse(text) {
      const expression = text.trim()
      const fields = expression.split(/\s+/).length
      let reason = `it has ${fields} fields`
      try {
        if (fields === 5 || fields === 6) {
          nextTime(expression, 0)
          return expression
        }
      } catch (error) {
        reason = (error as Error).message
      }
      throw new Error(`"${text}" is not a cron expression such as 0 3 * * * (${reason})`)
    },
    format: String,
  }
}
