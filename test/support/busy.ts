/** How busy this machine is: what a test that promises a time allows for the work of others. */
import { availableParallelism, loadavg } from 'node:os'

/** 1 while every thread that wants to run can, and up to 5: how many share a processor, over the last minute. */
export const busy = (): number => Math.min(5, Math.max(1, (loadavg()[0] ?? 0) / availableParallelism()))
