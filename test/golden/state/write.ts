/**
 * Writes the golden files of state entries, once per version: `node test/golden/state/write.ts`. A file that is there is kept.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { makeGolden } from './contents.ts'
import { makeGoldenLists } from './lists.ts'

const files = { 'state.v3.json': makeGolden, 'lists.v3.json': makeGoldenLists }
for (const [name, make] of Object.entries(files)) {
  const path = new URL(name, import.meta.url)
  if (existsSync(path)) process.stdout.write(`${name} is there already\n`)
  else writeFileSync(path, `${JSON.stringify(await make(), null, 2)}\n`)
}
