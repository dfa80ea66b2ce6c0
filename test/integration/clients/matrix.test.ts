import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { clientsPage } from '../../support/kafka-clients/matrix.ts'

const page = fileURLToPath(new URL('../../../docs/reference/kafka-clients.md', import.meta.url))

it('docs/reference/kafka-clients.md tells what the tests of clients claim', () => {
  const command = 'node --conditions=source test/support/kafka-clients/matrix.ts'
  expect(readFileSync(page, 'utf8') === clientsPage(), `the page is old: ${command}`).toBe(true)
})
