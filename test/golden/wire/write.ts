/** Writes the golden file of data connections, once per version: `node test/golden/wire/write.ts`. A file that is there is kept. */
import { existsSync, writeFileSync } from 'node:fs'
import { makeGolden } from './contents.ts'

const path = new URL('wire.v1.json', import.meta.url)
if (existsSync(path)) process.stdout.write('wire.v1.json is there already\n')
else writeFileSync(path, `${JSON.stringify(makeGolden(), null, 2)}\n`)
