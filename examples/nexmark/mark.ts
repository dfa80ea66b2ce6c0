/**
 * Tells a benchmark that a quarter of the events has been made, as exactly as the source itself knows: by making a file.
 * What comes after the file is a run that is warm.
 */
import { writeFileSync } from 'node:fs'

/** To be called with the number of each event, or of each batch's first. */
export function markQuarter(path: string | undefined, count: number | undefined): (n: number) => void {
  if (path === undefined || count === undefined) return () => undefined
  const quarter = count / 4
  let marked = false
  return (n) => {
    if (n < quarter || marked) return
    marked = true
    writeFileSync(path, String(n))
  }
}
