/** The pages of reference that are made from declarations say what the declarations say. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { referencePages } from '../../scripts/docs.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

test('the reference of options, errors and commands is that of the declarations', async () => {
  for (const [name, fresh] of await referencePages()) {
    const kept = readFileSync(`${root}docs/reference/${name}`, 'utf8')
    expect(kept === fresh, `docs/reference/${name} is old: node --conditions=source scripts/docs.ts`).toBe(true)
  }
})

test('no page of reference names this machine', async () => {
  for (const [name, text] of await referencePages()) expect(text, name).not.toContain(root)
})
