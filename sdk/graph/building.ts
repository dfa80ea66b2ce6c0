/**
 * The options of the job whose graph is being built, for factories of sources and sinks, which see no environment: a default
 * such as where the brokers are. Set for the time of the build only; builds are synchronous. The package may be loaded
 * twice in a process, by us and by a job's bundle, so the place is known by a name.
 */
const place = Symbol.for('millrace.building')
const holder = globalThis as { [place]?: (key: string) => string | undefined }

/** An option of the job that is being built; undefined outside of a build. */
export function optionOfBuild(key: string): string | undefined {
  return holder[place]?.(key)
}

/** Whether a graph is being built now. */
export const isBuilding = (): boolean => holder[place] !== undefined

/** Runs `build` with the options. */
export function whileBuilding<T>(optionOf: (key: string) => string | undefined, build: () => T): T {
  const before = holder[place]
  holder[place] = optionOf
  try {
    return build()
  } finally {
    if (before === undefined) delete holder[place]
    else holder[place] = before
  }
}
