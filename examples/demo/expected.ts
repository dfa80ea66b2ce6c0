/** The demo's result once more, by plain loops over the whole files: what the cluster's result is held against. */
import { readFileSync } from 'node:fs'
import { alertOf, type Named } from './rules.ts'

const dayMs = 86_400_000

export interface Expected {
  readonly flights: number
  /** Lines, sorted. */
  readonly reports: readonly string[]
  readonly alerts: readonly string[]
}

/** A row as one comparable line: its fields by name. */
export const lineOf = (row: object): string => JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)))

export function expectedOf(flightsPath: string, airportsPath: string): Expected {
  const flights = JSON.parse(readFileSync(flightsPath, 'utf8')) as { date: string; delay: number; origin: string }[]
  const names = airportNames(readFileSync(airportsPath, 'utf8'))
  const weeks = new Map<string, { airport: string; until: number; delays: number[] }>()
  for (const { date, delay, origin } of flights) {
    const [year, month, day, hour, minute] = date.split(/[/ :]/).map(Number)
    const at = Date.UTC(year, month - 1, day, hour, minute)
    for (let until = (Math.floor(at / dayMs) + 1) * dayMs, i = 0; i < 7; i++, until += dayMs) {
      const key = `${origin} ${until}`
      const week = weeks.get(key) ?? { airport: origin, until, delays: [] }
      week.delays.push(delay)
      weeks.set(key, week)
    }
  }
  const reports: Named[] = []
  for (const { airport, until, delays } of weeks.values()) {
    const name = names.get(airport)
    if (name === undefined) continue
    const sum = delays.reduce((a, b) => a + b, 0)
    reports.push({
      airport,
      name,
      until,
      flights: delays.length,
      meanDelay: sum / delays.length,
      worst: Math.max(...delays),
    })
  }
  const alerts = reports.flatMap((report) => {
    const text = alertOf(report)
    return text === undefined ? [] : [{ airport: report.airport, until: report.until, text }]
  })
  return { flights: flights.length, reports: reports.map(lineOf).sort(), alerts: alerts.map(lineOf).sort() }
}

/** `name, city` by code. A small CSV reader of its own: the check shares no code with what it checks. */
function airportNames(csv: string): Map<string, string> {
  const names = new Map<string, string>()
  for (const line of csv.split(/\r?\n/).slice(1)) {
    const cells = [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map(([, cell]) =>
      cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell,
    )
    if (cells.length > 2) names.set(cells[0], `${cells[1]}, ${cells[2]}`)
  }
  return names
}
