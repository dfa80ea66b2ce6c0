/** The demo's job and the plain loop it is checked by agree, on all flights. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { expectedOf, lineOf } from '../../../examples/demo/expected.ts'
import flights from '../../../examples/demo/flights.ts'
import { runLocally } from '../../support/local-run.ts'

const data = join(dirname(fileURLToPath(import.meta.resolve('vega-datasets'))), '..', 'data')

function linesIn(directory: string): string[] {
  return readdirSync(directory)
    .flatMap((file) => readFileSync(join(directory, file), 'utf8').trimEnd().split('\n'))
    .map((line) => lineOf(JSON.parse(line) as object))
    .sort()
}

it('writes every report and alert once, as the plain loop has them', async () => {
  const out = mkdtempSync(join(tmpdir(), 'flights-'))
  try {
    const options = {
      'demo.flights': join(data, 'flights-20k.json'),
      'demo.airports': join(data, 'airports.csv'),
      'demo.out': out,
      'demo.rate': '10000000',
    }
    const { poisoned } = await runLocally(flights, 2, options)
    const expected = expectedOf(options['demo.flights'], options['demo.airports'])
    expect(poisoned).toEqual([])
    expect(linesIn(join(out, 'reports'))).toEqual(expected.reports)
    expect(linesIn(join(out, 'alerts'))).toEqual(expected.alerts)
    expect(expected.alerts.length).toBeGreaterThan(10)
  } finally {
    rmSync(out, { recursive: true })
  }
})
