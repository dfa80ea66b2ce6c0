/** The broker's process, as the command line starts it; see broker.ts. */
export { type RunningBroker, startBroker } from './broker.ts'
