/** Cases of a client that runs in the process of the tests, and what they leave open. One case at a time. */
import type { FeatureName } from './matrix.ts'
import type { Answer } from './program.ts'

type Case = (event: () => Promise<void>) => Promise<Answer>

export class CaseTable {
  readonly #open: (() => Promise<unknown> | unknown)[] = []
  #cases: Partial<Record<FeatureName, Case>> = {}

  protected define(cases: Partial<Record<FeatureName, Case>>): void {
    this.#cases = cases
  }

  run(name: FeatureName, event: () => Promise<void>): Promise<Answer> {
    const found = this.#cases[name]
    if (found === undefined) throw new Error(`${name} has no case, and the matrix does not say why`)
    return found(event)
  }

  /** Closes what cases have opened, the last first. */
  async close(): Promise<void> {
    for (const close of this.#open.splice(0).reverse()) await close()
  }

  protected opened(close: () => Promise<unknown> | unknown): void {
    this.#open.push(close)
  }
}
