/** Writes the golden file of Kafka formats, once per version: `node test/golden/kafka/write.ts`. A file that is there is kept. */
import { existsSync, writeFileSync } from 'node:fs'
import { makeGolden } from './contents.ts'

const path = new URL('kafka.v2.json', import.meta.url)
if (existsSync(path)) process.stdout.write('kafka.v2.json is there already\n')
else writeFileSync(path, `${JSON.stringify(makeGolden(), null, 2)}\n`)
