/**
 * Writes the golden file of state entries, once per version: `node test/golden/state/write.ts`. A file that is there is kept.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { makeGolden } from './contents.ts'

const path = new URL('state.v2.json', import.meta.url)
if (existsSync(path)) process.stdout.write('state.v2.json is there already\n')
else writeFileSync(path, `${JSON.stringify(await makeGolden(), null, 2)}\n`)
