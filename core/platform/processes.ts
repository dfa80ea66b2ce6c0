/** Other processes: the one door to `node:child_process`. */
export { type ChildProcess, fork, type SpawnOptions, spawn } from 'node:child_process'
