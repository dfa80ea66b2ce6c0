/**
 * Finds a Node that runs Millrace: the one that runs us when it is new enough, else the one that npm installed beside
 * us. Old JavaScript on purpose; must not fail on Node 18.
 */
'use strict'
const fs = require('node:fs')
const path = require('node:path')

const required = 24

function major(version) {
  return Number(String(version).replace(/^v/, '').split('.')[0])
}

/** `{ path, own }`: `own` is true for the Node that runs now. Undefined when there is none. */
function findNode(root, version = process.version) {
  if (major(version) >= required) return { path: process.execPath, own: true }
  const packaged = `node-${process.platform}-${process.arch}`
  const name = process.platform === 'win32' ? 'node.exe' : 'node'
  // As a dependency of another project we stand beside our own dependencies.
  for (const directory of [path.join(root, 'node_modules'), path.join(root, '..')]) {
    const candidate = path.join(directory, packaged, 'bin', name)
    if (fs.existsSync(candidate)) return { path: candidate, own: false }
  }
  return undefined
}

/** The one line for people whose Node is too old. */
function unsupported() {
  return (
    `millrace needs Node ${required} or newer; this is ${process.version} on ${process.platform}-${process.arch}. ` +
    'Install it from https://nodejs.org, or run npm install here: on Linux that brings its own Node.'
  )
}

module.exports = { findNode, unsupported }
