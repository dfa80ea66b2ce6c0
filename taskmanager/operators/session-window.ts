/**
 * Session windows: per key, records closer than the gap share a session; a record may join two. A session fires when the
 * watermark passes its end, and is kept for the allowed lateness: a record that joins it then makes it fire again with all
 * its records, at once or when the watermark passes its new end. A record is late when the session it would make or join
 * ends before the watermark and the allowed lateness.
 */
import type { SessionStore } from '../state/api.ts'
import { createSessionStore } from '../state/sessions/session-store.ts'
import { operatorErrors } from './errors.ts'
import type { OperatorContext } from './operator.ts'
import { forwardWatermark } from './stateless.ts'
import { type TypedWindow, WindowedOperator, windowStoreOptions } from './windowed.ts'

export class SessionWindowOperator extends WindowedOperator<SessionStore> {
  protected readonly store: SessionStore

  constructor(context: OperatorContext, body: TypedWindow & { assigner: { kind: 'session' } }) {
    super(context, body, 'watermark')
    if (body.aggregate.kind === 'functions' && body.aggregate.functions.merge === undefined)
      throw operatorErrors.create('SESSION_NEEDS_MERGE', {})
    this.store = createSessionStore({
      ...windowStoreOptions(context, body),
      gapMs: body.assigner.gapMs,
      keepMs: this.latenessMs,
      firedTo: this.times.even ? this.times.timeMs + 1 : (hash) => this.times.of(hash) + 1,
    })
  }

  processWatermark(timestampMs: number): boolean {
    this.times.reach(timestampMs)
    if (!this.#fire()) return false
    this.times.settle()
    forwardWatermark(this.context, timestampMs)
    return true
  }

  protected oldestLive(timeMs: number): number {
    return timeMs - this.latenessMs + 1
  }

  /** Sessions that late records have joined fire again. */
  protected update(): void {
    while (!this.#fire());
  }

  #fire(): boolean {
    return this.store.fire(this.times.timeMs + 1, (slice) => this.emitter.emitSessions(slice))
  }
}
