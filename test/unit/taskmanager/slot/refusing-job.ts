/** A job that refuses its only record, and says when its sink is closed. */
import { defineJob, type Sink, source } from '../../../../millrace.ts'

const sink: Sink<unknown> = {
  kind: 'sink',
  name: 'nowhere',
  guarantee: 'at-least-once',
  createWriter: ({ print }) => ({
    write: () => undefined,
    close: () => print('closed'),
  }),
}

export default defineJob('refusing', (env) => {
  env
    .from(source.values([1]), { uid: 'one' })
    .map(
      (): number => {
        throw new Error('not this one')
      },
      { uid: 'refuses', onError: 'dead-letter' },
    )
    .to(sink, { uid: 'out' })
})
