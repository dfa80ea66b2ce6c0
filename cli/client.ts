/** The door 'millrace/client', for programs that run jobs on a cluster: the client, and the bundler for the job's file. */
import { bundleJob as bundleFile } from './bundle.ts'

export * from '../sdk/client.ts'

/**
 * The file of a job and all that it imports as one module, as `submit` wants it. Throws CLI_NO_SUCH_FILE,
 * CLI_DOES_NOT_COMPILE with the compiler's messages, CLI_NATIVE_ADDON.
 */
export async function bundleJob(file: string): Promise<Uint8Array> {
  return Buffer.from((await bundleFile(file)).code)
}
