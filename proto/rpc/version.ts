/**
 * Who we are to other processes. Processes of different protocol versions refuse each other with a sentence; a TaskManager
 * must also be of the JobManager's package version, because plan, state and bundle meet in its slots.
 */
export { protocolVersion } from '../generated/protocol.ts'
/** The package's; a test holds it equal to package.json. */
export const packageVersion = '0.1.0'
