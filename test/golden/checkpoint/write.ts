/**
 * Writes the golden files of snapshot formats, by hand, when a format gets a new version: `node test/golden/checkpoint/write.ts`.
 * A file that is there is never written again: what it holds must be readable for ever.
 */
import { existsSync, writeFileSync } from 'node:fs'
import { golden } from './contents.ts'

for (const { file, encode } of golden) {
  const path = new URL(file, import.meta.url)
  if (existsSync(path)) console.log(`${file} is there already`)
  else {
    writeFileSync(path, encode())
    console.log(`${file} written`)
  }
}
