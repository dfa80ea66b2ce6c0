/** `millrace doctor`: can this machine run Millrace, and does the cluster answer? Every check runs; each says what to do. */

import { withTimeout } from '../../core/async/index.ts'
import { isMillraceError } from '../../core/errors.ts'
import { systemClock } from '../../core/platform/clock.ts'
import { systemDisk } from '../../core/platform/disk.ts'
import { ownVersion } from '../../core/platform/modules.ts'
import { systemNetwork } from '../../core/platform/net.ts'
import { createClusterClient } from '../../proto/client.ts'
import { addressOf, type ClusterFlags, parseDefinitions } from '../cluster.ts'
import { clusterTls } from '../cluster-tls.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { type Terminal, table } from '../terminal.ts'

interface Finding {
  readonly check: string
  /** `note` is worth knowing and nothing is wrong. */
  readonly state: 'ok' | 'note' | 'failed'
  readonly detail: string
}

export interface DoctorFlags extends ClusterFlags {
  readonly options?: boolean
}

export async function doctor(terminal: Terminal, flags: DoctorFlags): Promise<ExitCode> {
  if (flags.options === true) return listOptions(terminal)
  const address = addressOf(flags)
  const findings = [
    checkNode(),
    checkSimd(),
    checkSharedMemory(),
    checkKernels(),
    checkDirectory('.millrace'),
    await checkCluster(address, flags),
  ]
  const failed = findings.some((finding) => finding.state === 'failed')
  if (terminal.json) terminal.out(JSON.stringify({ ok: !failed, findings }))
  else {
    for (const { check, state, detail } of findings) {
      const mark =
        state === 'ok'
          ? terminal.style('green', 'ok    ')
          : state === 'note'
            ? 'note  '
            : terminal.style('red', 'FAILED')
      terminal.out(`${mark}  ${check.padEnd(16)}  ${detail}`)
    }
  }
  return failed ? exitCodes.failed : exitCodes.ok
}

async function listOptions(terminal: Terminal): Promise<ExitCode> {
  const { allOptions } = await import('../process-config.ts')
  const options = allOptions().map(({ key, type, default: initial, scope, doc }) => {
    const shown = initial === undefined ? '' : type.format(initial)
    return { key, type: type.name, default: shown, scope, doc }
  })
  if (terminal.json) terminal.out(JSON.stringify(options))
  else {
    const rows = options.map((each) => [each.key, each.default, each.scope, each.doc])
    for (const line of table(['KEY', 'DEFAULT', 'SCOPE', 'MEANING'], rows)) terminal.out(line)
  }
  return exitCodes.ok
}

function checkNode(): Finding {
  const major = Number(process.versions.node.split('.')[0])
  const detail = `${process.version} at ${process.execPath}`
  return major >= 24
    ? { check: 'Node', state: 'ok', detail }
    : { check: 'Node', state: 'failed', detail: `${detail}; Node 24 or newer is needed` }
}

// (module (func (result v128) (v128.const i32x4 0 0 0 0)))
const simdModule = [
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 22, 1, 20, 0, 253, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 11,
]

function checkSimd(): Finding {
  return WebAssembly.validate(Uint8Array.from(simdModule))
    ? { check: 'WebAssembly SIMD', state: 'ok', detail: 'present' }
    : {
        check: 'WebAssembly SIMD',
        state: 'note',
        detail: 'absent: column kernels run as JavaScript, several times slower',
      }
}

function checkSharedMemory(): Finding {
  try {
    // The size of a small arena: address space, not memory.
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 16_384, shared: true })
    const shared = memory.buffer instanceof SharedArrayBuffer
    return {
      check: 'Shared memory',
      state: shared ? 'ok' : 'failed',
      detail: shared ? '1 GB can be reserved' : 'not shared',
    }
  } catch (error) {
    const detail = `${(error as Error).message}; is the address space limited (ulimit -v)?`
    return { check: 'Shared memory', state: 'failed', detail }
  }
}

function checkKernels(): Finding {
  const root = new URL('../../', import.meta.url)
  return systemDisk.exists(new URL('build/kernels.wasm', root).pathname)
    ? { check: 'Kernels', state: 'ok', detail: 'built' }
    : { check: 'Kernels', state: 'failed', detail: 'not built; run: npm run setup' }
}

function checkDirectory(path: string): Finding {
  const existed = systemDisk.exists(path)
  try {
    systemDisk.makeDirectory(path)
    const file = `${path}/doctor-${process.pid}`
    systemDisk.writeAtomic(file, 'ok')
    systemDisk.remove(existed ? file : path)
    return { check: 'Data directory', state: 'ok', detail: `${systemDisk.absolute(path)} can be written and synced` }
  } catch (error) {
    return { check: 'Data directory', state: 'failed', detail: `${path}: ${(error as Error).message}` }
  }
}

/** A cluster that was named must answer; without a name, a free port is as good as a cluster. */
async function checkCluster(address: string, flags: DoctorFlags): Promise<Finding> {
  const check = 'Cluster'
  const named = flags.jobmanager !== undefined
  const client = createClusterClient({ address, tls: clusterTls(parseDefinitions(flags.define)) })
  try {
    const { version, taskManagers, slotsTotal, slotsFree } = await withTimeout(
      systemClock,
      client.cluster(),
      3000,
      'the JobManager',
    )
    const own = ownVersion()
    const workers = taskManagers.length === 1 ? '1 TaskManager' : `${taskManagers.length} TaskManagers`
    const detail = `${address} runs ${version}, ${workers}, ${slotsFree} of ${slotsTotal} slots free`
    if (version !== own)
      return { check, state: 'failed', detail: `${detail}; this is ${own}: run the same version everywhere` }
    return { check, state: 'ok', detail }
  } catch (error) {
    if (!isMillraceError(error)) throw error
    if (named) return { check, state: 'failed', detail: `${error.message}. ${error.hint ?? ''}`.trim() }
    if (await portIsTaken(address)) {
      return {
        check,
        state: 'failed',
        detail: `something else listens at ${address}: choose another port with -D jobmanager.rpc.port=…`,
      }
    }
    return { check, state: 'note', detail: `none at ${address}; the port is free` }
  } finally {
    client.close()
  }
}

function portIsTaken(address: string): Promise<boolean> {
  const colon = address.lastIndexOf(':')
  return new Promise((resolve) => {
    const socket = systemNetwork.connect({
      host: address.slice(0, colon),
      port: Number(address.slice(colon + 1)),
      timeout: 2000,
    })
    const end = (taken: boolean) => {
      socket.destroy()
      resolve(taken)
    }
    socket.on('connect', () => end(true))
    socket.on('timeout', () => end(false))
    socket.on('error', () => end(false))
  })
}
