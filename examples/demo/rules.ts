/** What the demo's job and its plain check both go by. */

/** A week of an airport that has a name. */
export interface Named {
  readonly airport: string
  readonly name: string
  /** End of the seven days, epoch ms. */
  readonly until: number
  readonly flights: number
  readonly meanDelay: number
  readonly worst: number
}

const lateMinutes = 30
const flightsAtLeast = 10

/** The text of the alert that a week raises, if it does. */
export function alertOf(week: Named): string | undefined {
  if (week.flights < flightsAtLeast || week.meanDelay <= lateMinutes) return undefined
  return `${week.name}: ${week.flights} flights were ${week.meanDelay.toFixed(1)} minutes late on average`
}
