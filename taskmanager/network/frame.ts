/**
 * What passes through a channel, in order: batches and the control frames between them. The numbers are those of the
 * data plane's wire format (proto/FORMATS.md, data frame) and of the rings in shared memory.
 *
 * A frame has a `detail` (32-bit) and a `value` (float64): watermark: value = epoch ms; barrier: value = checkpoint id;
 * idle: detail = 1 idle, 0 active again; end: detail as `endMode`, value = id of the checkpoint that must be complete before
 * the receiver may call itself finished, 0 for none. Barriers go on flowing after an end: a finished subtask takes part in
 * checkpoints until the job is over.
 */
export const frameKind = { batch: 1, watermark: 2, barrier: 3, idle: 4, end: 5 } as const
export type FrameKind = (typeof frameKind)[keyof typeof frameKind]

/** `finished`: the input is complete, so results are due. `suspended`: the job stops as it is and nothing is due. */
export const endMode = { finished: 0, suspended: 1 } as const
export type EndMode = (typeof endMode)[keyof typeof endMode]
