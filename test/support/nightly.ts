/** More cases of properties at night: `NIGHTLY=50` tries fifty times as many, and gives every test fifty times as long. */

export const nightly = Math.max(1, Number(process.env.NIGHTLY ?? 1) || 1)

/** How many cases of a property are tried. */
export const cases = (number: number): number => Math.ceil(number * nightly)
