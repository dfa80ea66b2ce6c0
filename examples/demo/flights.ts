/**
 * Three months of real flights in the US, 2001: delay statistics per airport over the last seven days, every day, with
 * the airport's name; and an alert for an airport where flights are late on average. From the topic `flights` to the topics
 * `reports` and `alerts`, each exactly once.
 *
 * Options: `demo.airports` (a file), `demo.ends` (offsets at which the partitions of `flights` end, as JSON; without them
 * the job goes on for ever). Without a broker: `demo.flights` (a file), `demo.rate` (flights per second), `demo.out` (a directory).
 */
import { avg, count, defineJob, type Environment, max, sink, source, t, window } from 'millrace'
import { alertOf, type Named } from './rules.ts'

const Flight = t.object({
  date: t.string(),
  delay: t.float64(),
  distance: t.float64(),
  origin: t.string(),
  destination: t.string(),
})
const Airport = t.object({ iata: t.string(), name: t.string(), city: t.string(), state: t.string() })
const Week = t.object({ flights: t.float64(), meanDelay: t.float64(), worst: t.float64(), until: t.timestamp() })
/** Either half of what meets at an airport: its name, or one of its weeks. */
const Part = t.object({ airport: t.string(), name: t.optional(t.string()), week: t.optional(Week) })
const Report = t.object({
  airport: t.string(),
  name: t.string(),
  until: t.timestamp(),
  flights: t.float64(),
  meanDelay: t.float64(),
  worst: t.float64(),
})
const Alert = t.object({ airport: t.string(), until: t.timestamp(), text: t.string() })

/** `2001/01/31 23:59` in epoch ms, read as UTC. */
const timeOf = (date: string): number => Date.parse(`${date.replaceAll('/', '-').replace(' ', 'T')}:00Z`)

export default defineJob('flights', (env) => {
  const flights = env.from(flightsOf(env), { uid: 'flights', eventTime: (flight) => timeOf(flight.date) })
  const airports = env.from(
    source.files({ path: env.option('demo.airports', 'airports.csv'), format: 'csv', type: Airport }),
    { uid: 'airports', watermarks: 'none' },
  )

  const weeks = flights
    .keyBy('origin')
    .window(window.sliding('7d', '1d'))
    .aggregate({ flights: count(), meanDelay: avg('delay'), worst: max('delay') }, { uid: 'delays' })
    .map(
      ({ origin, flights, meanDelay, worst, windowEnd }) => ({
        airport: origin,
        week: { flights, meanDelay, worst, until: windowEnd },
      }),
      { returns: Part },
    )

  const reports = airports
    .map(({ iata, name, city }) => ({ airport: iata, name: `${name}, ${city}` }), { returns: Part })
    .union(weeks)
    .keyBy('airport')
    .process({
      uid: 'names',
      emits: Report,
      sides: { alerts: Alert },
      state: { name: t.string().state(), waiting: t.array(Week).state() },
      onElement(part, { key, state, side }, emit) {
        const name = part.name ?? state.name.get()
        const weeks = part.week === undefined ? (state.waiting.get() ?? []) : [part.week]
        if (name === undefined) {
          // A week came before its airport was read.
          state.waiting.set([...(state.waiting.get() ?? []), ...weeks])
          return
        }
        if (part.name !== undefined) {
          state.name.set(name)
          state.waiting.clear()
        }
        for (const week of weeks) {
          const report: Named = { airport: key, name, ...week }
          emit(report)
          const text = alertOf(report)
          if (text !== undefined) side('alerts', { airport: key, until: report.until, text })
        }
      },
    })

  const out = env.option('demo.out')
  const alerts = reports.sideOutput('alerts')
  if (out === undefined) {
    reports.to(sink.kafka({ topic: 'reports', key: 'airport' }), { uid: 'reports' })
    alerts.to(sink.kafka({ topic: 'alerts', key: 'airport' }), { uid: 'alerts' })
  } else {
    reports.to(sink.files({ path: `${out}/reports`, format: 'ndjson' }), { uid: 'reports' })
    alerts.to(sink.files({ path: `${out}/alerts`, format: 'ndjson' }), { uid: 'alerts' })
  }
})

function flightsOf(env: Environment) {
  const path = env.option('demo.flights')
  if (path !== undefined) {
    return source.files({ path, format: 'json', type: Flight, rate: Number(env.option('demo.rate', '2000')) })
  }
  const ends = env.option('demo.ends')
  return source.kafka({
    topic: 'flights',
    value: Flight,
    group: 'flights',
    ...(ends === undefined ? {} : { end: { offsets: JSON.parse(ends) as Record<string, number> } }),
  })
}
