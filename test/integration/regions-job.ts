/** Numbered records straight into files, never from one slot to another: as many regions as slots. Options as those of the chaos job. */
import { defineJob, type Sink, sink, t } from 'millrace'
import { createShape } from '../chaos/shape.ts'
import { numbered } from '../chaos/source.ts'

const Record = t.object({ key: t.float64(), sequence: t.float64(), at: t.timestamp(), digest: t.float64() })

export default defineJob('regions', (env) => {
  const number = (name: string): number => Number(env.option(`chaos.${name}`))
  const shape = createShape({ records: number('records'), keys: number('keys'), windowMs: number('window-ms') })
  env
    .from(
      numbered({
        type: Record,
        shape,
        splits: number('splits'),
        rate: number('rate'),
        endFile: env.option('chaos.end-file', ''),
      }),
      { uid: 'records' },
    )
    .map(({ key, sequence, digest }) => ({ key, sequence, digest, step: 1 }), { chaining: 'head' })
    .to(sink.files({ path: `${env.option('chaos.out', 'out')}/checked`, format: 'ndjson' }) as Sink<unknown>, {
      uid: 'out',
    })
})
