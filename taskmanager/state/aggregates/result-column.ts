/**
 * Results of one declared aggregate on their way out of flat memory, by row: 8 bytes each, a number, or an int64 where the
 * aggregate is of such a field (`DeclaredAggregate.int64`).
 */
export class ResultColumn {
  readonly numbers: Float64Array
  /** The same bytes. */
  readonly bigints: BigInt64Array
  /** Of the least and the greatest int64: 1 where there is none. Of numbers it is NaN that says so. */
  readonly none: Uint8Array

  constructor(rows: number) {
    const bytes = new ArrayBuffer(rows * 8)
    this.numbers = new Float64Array(bytes)
    this.bigints = new BigInt64Array(bytes)
    this.none = new Uint8Array(rows)
  }

  get rows(): number {
    return this.none.length
  }
}
