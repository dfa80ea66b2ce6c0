#!/usr/bin/env node
/**
 * The `millrace` command. Old JavaScript on purpose: on a Node that is too old it starts the one that npm installed
 * beside us, or says in one line what is missing. Then it runs cli/main: the sources in a checkout, dist/ in a package.
 */
'use strict'
const { spawn } = require('node:child_process')
const fs = require('node:fs')
const path = require('node:path')
const { pathToFileURL } = require('node:url')
const { findNode, unsupported } = require('./find-node.cjs')
const { setMalloc } = require('./malloc.cjs')

const root = path.join(__dirname, '..')

// Types are stripped and code is compiled once, not in every process and slot thread: a slot needs half the memory, and a
// process starts in half the time. The variable reaches threads and the processes we start; the call, this one.
if (process.env.NODE_COMPILE_CACHE === undefined) {
  process.env.NODE_COMPILE_CACHE = path.join(root, 'node_modules', '.cache', 'millrace')
}
// Read when a process starts: it reaches those that we start, and us when we begin again.
const beginsAgain = setMalloc(process.env) && ['start', 'dev'].indexOf(process.argv[2]) >= 0 && !process.connected
const { enableCompileCache } = require('node:module')
if (enableCompileCache !== undefined) enableCompileCache(process.env.NODE_COMPILE_CACHE)
const source = path.join(root, 'cli', 'main.ts')
const built = path.join(root, 'dist', 'cli', 'main.js')
const main = fs.existsSync(source) ? source : built

const node = findNode(root)
if (node === undefined) {
  process.stderr.write(`${unsupported()}\n`)
  process.exit(1)
} else if (main === source && !fs.existsSync(path.join(root, 'node_modules', 'commander'))) {
  process.stderr.write('millrace: this checkout is not installed yet. Run: node scripts/setup.cjs\n')
  process.exit(1)
} else if (node.own) {
  if (beginsAgain && process.platform === 'linux' && process.execve !== undefined) {
    process.execve(process.execPath, [process.execPath].concat(process.execArgv, process.argv.slice(1)), process.env)
  }
  import(pathToFileURL(main).href).catch((error) => {
    process.stderr.write(`${error?.stack || error}\n`)
    process.exitCode = 1
  })
} else {
  const child = spawn(node.path, [main].concat(process.argv.slice(2)), { stdio: 'inherit' })
  // A terminal sends Ctrl-C to both of us; the child decides, and we end with it.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (signal !== 'SIGINT') child.kill(signal)
    })
  }
  child.on('error', (error) => {
    process.stderr.write(`millrace: ${node.path} does not start: ${error.message}\n`)
    process.exit(1)
  })
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code === null ? 1 : code)
    process.removeAllListeners(signal)
    process.kill(process.pid, signal)
  })
}
