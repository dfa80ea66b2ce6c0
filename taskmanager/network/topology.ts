/** Which subtasks have a channel between them: part of the plan's meaning, so that the JobManager knows it too. */
export { consumersOf, producersOf } from '../../proto/jobgraph/topology.ts'
