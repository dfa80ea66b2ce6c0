/**
 * How malloc is to keep memory, for glibc: two heaps in place of eight per core, and pieces of a megabyte go back when they are freed.
 * As it is by itself, it keeps more for each thread and for each large piece that there ever was, and a process grows for hours.
 * Old JavaScript on purpose; must not fail on Node 18.
 */
'use strict'

const settings = { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '1048576', MALLOC_TRIM_THRESHOLD_: '1048576' }

/** Sets in `environment` what nobody has set; whether there was any. */
function setMalloc(environment) {
  const missing = Object.keys(settings).filter((name) => environment[name] === undefined)
  for (const name of missing) environment[name] = settings[name]
  return missing.length > 0
}

module.exports = { setMalloc }
