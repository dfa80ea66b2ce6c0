/** The environment in which bin/millrace.cjs and the image run what runs for long, for tests and benchmarks that start it otherwise. */
import { createRequire } from 'node:module'

const { setMalloc } = createRequire(import.meta.url)('../../bin/malloc.cjs') as {
  setMalloc(environment: NodeJS.ProcessEnv): boolean
}

export function launchedEnvironment(): NodeJS.ProcessEnv {
  const environment = { ...process.env }
  setMalloc(environment)
  return environment
}
