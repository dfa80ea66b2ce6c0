/** The door of the package: what a job imports from 'millrace'. Wiring only. */
export { sink, source } from './connectors/index.ts'
export * from './sdk/index.ts'
