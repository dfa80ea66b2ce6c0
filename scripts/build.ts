/**
 * `npm run build`: dist/ for publishing, or the directory that is named. Compiles the rooms with declarations and source
 * maps, and puts beside them what they load at run time.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = resolve(process.argv[2] ?? `${root}dist`)
const rooms = ['core', 'proto', 'sdk', 'sql', 'connectors', 'taskmanager', 'jobmanager', 'broker', 'cli']

rmSync(dist, { recursive: true, force: true })
mkdirSync(`${root}build`, { recursive: true })
// What is published, and nothing else: a test that does not compile is no reason not to build.
const project = {
  extends: '../tsconfig.json',
  compilerOptions: { noEmit: false, rootDir: '..', declaration: true, sourceMap: true },
  include: ['../millrace.ts', ...rooms.map((room) => `../${room}`)],
  exclude: ['../core/kernels/assembly'],
}
writeFileSync(`${root}build/tsconfig.json`, JSON.stringify(project))
const compiled = spawnSync(`${root}node_modules/.bin/tsc`, ['-p', 'build/tsconfig.json', '--outDir', dist], {
  cwd: root,
  stdio: 'inherit',
})
if (compiled.status !== 0) {
  process.stderr.write('The sources do not compile; nothing is built.\n')
  process.exit(1)
}
for (const room of rooms) {
  if (!existsSync(`${root}${room}`)) continue
  // Generated code and its descriptions are JavaScript already.
  cpSync(`${root}${room}`, `${dist}/${room}`, {
    recursive: true,
    filter: (source) => !source.includes('kernels/assembly') && !(source.endsWith('.ts') && !source.endsWith('.d.ts')),
  })
}
rewriteUrls(dist)
mkdirSync(`${dist}/build`, { recursive: true })
for (const file of ['kernels.wasm']) {
  if (existsSync(`${root}build/${file}`)) cpSync(`${root}build/${file}`, `${dist}/build/${file}`)
}
process.stdout.write(`built ${relative(process.cwd(), dist) || dist}/\n`)

/** The compiler rewrites imports, not the files that `new URL` names beside a module, such as the entry of a thread. */
function rewriteUrls(directory: string): void {
  for (const entry of readdirSync(directory, { withFileTypes: true })) {
    const path = `${directory}/${entry.name}`
    if (entry.isDirectory()) rewriteUrls(path)
    else if (entry.name.endsWith('.js')) {
      const text = readFileSync(path, 'utf8')
      const rewritten = text.replace(/(new URL\(\s*['"]\.[^'"]*)\.ts(['"],\s*import\.meta\.url)/g, '$1.js$2')
      if (rewritten !== text) writeFileSync(path, rewritten)
    }
  }
}
