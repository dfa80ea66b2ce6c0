/** Collects the figures of all runs; says each as it comes, and medians with ranges at the end. */
import { median } from '../lib/in-turn.ts'
import type { System } from './brokers.ts'

/** Figures of one run, by name: the unit is the end of the name. */
export type Figures = Readonly<Record<string, number>>

const shown = (value: number): string => (value >= 100 ? String(Math.round(value)) : value.toPrecision(3))

export class Table {
  hasFailed = false
  readonly #runs = new Map<string, Record<System, Figures[]>>()

  add(row: string, system: System, figures: Figures): void {
    let runs = this.#runs.get(row)
    if (runs === undefined) {
      runs = { ours: [], kafka: [] }
      this.#runs.set(row, runs)
    }
    runs[system].push(figures)
    const text = Object.entries(figures).map(([name, value]) => `${name} ${shown(value)}`)
    process.stderr.write(`${row} | ${system} | ${text.join(', ')}\n`)
  }

  failed(row: string, system: System, error: Error): void {
    this.hasFailed = true
    process.stderr.write(`${row} | ${system} | failed: ${error.message}\n`)
  }

  /** Markdown: a line for each row and figure. */
  text(): string {
    const lines = ['| work | figure | ours | Kafka | ratio |', '| --- | --- | --- | --- | --- |']
    for (const [row, { ours, kafka }] of this.#runs) {
      const names = new Set([...ours, ...kafka].flatMap((each) => Object.keys(each)))
      for (const name of names) {
        const [mine, theirs] = [ours, kafka].map((each) =>
          each.map((run) => run[name]).filter((value) => value !== undefined),
        )
        const ratio = mine?.length && theirs?.length ? (median(mine) / median(theirs)).toFixed(2) : ''
        lines.push(`| ${row} | ${name} | ${range(mine)} | ${range(theirs)} | ${ratio} |`)
      }
    }
    return `${lines.join('\n')}\n`
  }

  json(): unknown {
    return Object.fromEntries(this.#runs)
  }
}

function range(values: readonly number[] | undefined): string {
  if (values === undefined || values.length === 0) return ''
  const text = shown(median(values))
  return values.length === 1 ? text : `${text} [${shown(Math.min(...values))}..${shown(Math.max(...values))}]`
}
