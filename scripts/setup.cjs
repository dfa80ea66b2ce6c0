/**
 * First step of every npm script: makes the checkout ready to run and does nothing when it is. Installs what
 * package-lock.json says (without install scripts), then builds the kernels and the gRPC code. Old JavaScript on
 * purpose: it runs on Node 18 and later, with or without node_modules; what it starts runs on Node 24.
 *
 *     node scripts/setup.cjs                        only that
 *     node scripts/setup.cjs bench/nexmark.ts -p 2  then runs the file with its arguments
 *
 * The file is run from here because a shell that has looked up `node` once keeps the old one, although the installation
 * has just put a newer one first on the PATH.
 *
 * Safe to run twice at once: npm and the build scripts write beside and rename; the stamp is written last.
 */
'use strict'
const { spawn, spawnSync } = require('node:child_process')
const { createHash } = require('node:crypto')
const fs = require('node:fs')
const path = require('node:path')
const { findNode, unsupported } = require('../bin/find-node.cjs')

const root = path.join(__dirname, '..')
const installedStamp = path.join(root, 'node_modules', '.millrace-lock.sha256')
const startedMs = Date.now()

function say(line) {
  process.stderr.write(`${line}\n`)
}

function seconds() {
  return `${((Date.now() - startedMs) / 1000).toFixed(1)} s`
}

function fail(line) {
  say(line)
  process.exit(1)
}

function lockHash() {
  // The platform belongs to it: node_modules of another machine holds another Node.
  const lock = fs.readFileSync(path.join(root, 'package-lock.json'))
  return createHash('sha256').update(lock).update(`${process.platform}-${process.arch}`).digest('hex')
}

function readText(file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch (_error) {
    return undefined
  }
}

/** npm's own record of what it installed names every package with its version: the same as the lock file? */
function alreadyInstalled() {
  const installed = readText(path.join(root, 'node_modules', '.package-lock.json'))
  if (installed === undefined) return false
  const have = JSON.parse(installed).packages
  const want = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages
  return Object.keys(want).every((name) => {
    if (name === '') return true
    // Packages for other platforms are left out, in silence.
    if (have[name] === undefined) return want[name].optional === true || want[name].peer === true
    return have[name].version === want[name].version
  })
}

function install() {
  const wanted = lockHash()
  if (readText(installedStamp) === wanted) return
  if (!alreadyInstalled()) {
    say('millrace: installing what package-lock.json says (once, about a minute) …')
    // Under npm this is npm's own code run by the Node that runs npm; else the npm on the PATH.
    const npm = process.env.npm_execpath
    const command = npm?.endsWith('.js') ? process.execPath : 'npm'
    const first = command === 'npm' ? [] : [npm]
    const flags = ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error']
    const result = spawnSync(command, first.concat(flags), {
      cwd: root,
      stdio: ['ignore', 2, 2],
      shell: command === 'npm' && process.platform === 'win32',
    })
    if (result.status !== 0) {
      fail('millrace: npm ci did not succeed; its message stands above. Is the package registry reachable?')
    }
    say(`millrace: installed (${seconds()})`)
  }
  fs.writeFileSync(installedStamp, wanted)
}

/** Sizes and times of all files below the paths given, as one text that differs when anything did. */
function fingerprint(paths) {
  const hash = createHash('sha256')
  const visit = (relative) => {
    const absolute = path.join(root, relative)
    const stat = fs.statSync(absolute, { throwIfNoEntry: false })
    if (stat === undefined) return
    if (stat.isDirectory()) for (const name of fs.readdirSync(absolute).sort()) visit(path.join(relative, name))
    else hash.update(`${relative}:${stat.size}:${stat.mtimeMs};`)
  }
  for (const each of paths) visit(each)
  return hash.digest('hex')
}

/**
 * Runs a build script when it exists and one of its inputs changed or an output is missing. What is `kept` in the
 * repository is taken as it came, the first time.
 */
function build(what, script, inputs, outputs, kept) {
  if (!fs.existsSync(path.join(root, script))) return
  const stamp = path.join(root, 'build', `${what}.inputs`)
  const before = readText(stamp)
  const now = fingerprint([script].concat(inputs))
  const complete = outputs.every((output) => fs.existsSync(path.join(root, output)))
  if (complete && before === now) return
  if (!(complete && kept && before === undefined)) {
    say(`millrace: building ${what} …`)
    const result = spawnSync(node.path, [script], { cwd: root, stdio: ['ignore', 2, 2] })
    if (result.status !== 0) fail(`millrace: ${script} did not succeed; its message stands above.`)
  }
  fs.mkdirSync(path.join(root, 'build'), { recursive: true })
  fs.writeFileSync(stamp, now)
}

function protoFiles() {
  const names = fs.readdirSync(path.join(root, 'proto')).filter((name) => name.endsWith('.proto'))
  return names.map((name) => `proto/${name}`)
}

install()
const node = findNode(root)
if (node === undefined) fail(unsupported())
build('kernels', 'scripts/build-kernels.ts', ['core/kernels/assembly'], ['build/kernels.wasm'], false)
build('proto', 'scripts/build-proto.ts', protoFiles(), ['proto/generated'], true)

const script = process.argv[2]
if (script !== undefined) {
  if (!fs.existsSync(path.join(root, script))) fail(`millrace: there is no ${script} here`)
  // `source`: files that import us by our own name get the sources.
  const child = spawn(node.path, ['--conditions=source', '--enable-source-maps'].concat(process.argv.slice(2)), {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: `${path.dirname(node.path)}${path.delimiter}${process.env.PATH}` },
  })
  // A terminal sends Ctrl-C to both: the script decides, and this process ends with it.
  process.on('SIGINT', () => undefined)
  for (const signal of ['SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  child.on('error', (error) => fail(`millrace: ${node.path} does not start: ${error.message}`))
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
