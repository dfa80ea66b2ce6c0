/**
 * The Pods of rendered manifests as processes of this machine, without a container runtime: each has a mount namespace with
 * a root of its own (the image's files, read-only, and the volumes of the Pod), the user, command, arguments and environment
 * of the manifest, and an address of loopback for its own. Services are lines of /etc/hosts.
 *
 * Unlike in a cluster: there is one network, so what listens on all addresses listens on the Pod's; memory is not limited;
 * volumes are directories. Needs root for the mounts; the processes themselves have another user.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { imageEnvironment } from './dockerfile.ts'
import type { Container, Manifest, PodSpec } from './kubernetes.ts'

const checkout = fileURLToPath(new URL('../..', import.meta.url))

/** Mounts are made in here, seen by nobody else, and go with the process. Arguments: root, node, image, modules, hosts, volumes, --, command. */
const enter = `
set -e
root=$1 node=$2 image=$3 modules=$4 hosts=$5 user=$6; shift 6
mount -t tmpfs -o mode=755,size=16m none "$root"
bind() {
  mkdir -p "$root$2"
  mount --bind "$1" "$root$2"
  if [ "$3" = ro ]; then mount -o remount,bind,ro "$root$2"; fi
}
bind /usr/lib /usr/lib ro
if [ -d /usr/lib64 ]; then bind /usr/lib64 /usr/lib64 ro; fi
for each in /lib /lib64; do
  if [ -L $each ]; then ln -s "$(readlink $each)" "$root$each"; elif [ -d $each ]; then bind $each $each ro; fi
done
bind "$image" /opt/millrace ro
bind "$modules" /opt/millrace/node_modules ro
mkdir -p "$root/usr/local/bin" "$root/etc"
: > "$root/usr/local/bin/node"
mount --bind "$node" "$root/usr/local/bin/node"
cp "$hosts" "$root/etc/hosts"
for each in /proc /dev; do mkdir "$root$each"; mount --rbind $each "$root$each"; done
while [ "$1" != -- ]; do bind "$1" "$2" "$3"; shift 3; done
shift
mount -o remount,ro "$root"
exec chroot --userspec="$user" "$root" "$@"
`

export function requirePods(): void {
  const mounted = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'none', '/mnt'], { encoding: 'utf8' })
  if (mounted.status !== 0)
    throw new Error(`Pods need Linux, root and mounts: ${mounted.error?.message ?? mounted.stderr}`)
}

/** The files of the image, as deploy/Dockerfile puts them together, but for the dependencies: those of the checkout are used. */
export function makeImage(): string {
  const image = mkdtempSync(join(tmpdir(), 'millrace-image-'))
  chmodSync(image, 0o755)
  const built = spawnSync(process.execPath, ['scripts/build.ts', join(image, 'dist')], {
    cwd: checkout,
    encoding: 'utf8',
  })
  if (built.status !== 0) throw new Error(`the build failed:\n${built.stdout}${built.stderr}`)
  for (const name of ['package.json', 'LICENSE', 'bin'])
    cpSync(join(checkout, name), join(image, name), { recursive: true })
  mkdirSync(join(image, 'node_modules'))
  return image
}

/** What a container ended with; `null`: by a signal. */
export interface ContainerEnd {
  readonly code: number | null
  readonly log: string
}

export interface Pod {
  readonly name: string
  readonly address: string
  readonly spec: PodSpec
  readonly labels: Readonly<Record<string, string>>
  process: ChildProcess | undefined
  ended: Promise<ContainerEnd> | undefined
  log: string
}

export type Secrets = Readonly<Record<string, Readonly<Record<string, string>>>>

export class Pods {
  readonly directory = mkdtempSync(join(tmpdir(), 'millrace-pods-'))
  readonly all: readonly Pod[]
  readonly #manifests: readonly Manifest[]
  readonly #image: string
  readonly #hosts: string
  readonly #secrets: Secrets

  /** Nothing is started yet. `secrets`: by name, what the manifests only refer to. */
  constructor(manifests: readonly Manifest[], image: string, secrets: Secrets = {}) {
    this.#manifests = manifests
    this.#secrets = secrets
    this.#image = image
    const network = `127.${64 + ((process.pid >> 8) & 63)}.${process.pid & 255}`
    let next = 10
    const sets = manifests.filter(({ kind }) => kind === 'StatefulSet')
    this.all = sets.flatMap(({ metadata, spec }) =>
      Array.from({ length: spec.replicas }, (_, index): Pod => {
        const { metadata: own, spec: pod } = spec.template
        const name = `${metadata.name}-${index}`
        const address = `${network}.${next++}`
        return { name, address, spec: pod, labels: own.labels, process: undefined, ended: undefined, log: '' }
      }),
    )
    const lines = manifests.flatMap(({ kind, metadata, spec }) => {
      if (kind !== 'Service') return []
      const pods = this.all.filter(({ labels }) =>
        Object.entries(spec.selector as Readonly<Record<string, string>>).every(
          ([key, value]) => labels[key] === value,
        ),
      )
      return pods.map(({ address, name }) => `${address} ${metadata.name} ${name}.${metadata.name}`)
    })
    this.#hosts = join(this.directory, 'hosts')
    writeFileSync(this.#hosts, `127.0.0.1 localhost\n${lines.join('\n')}\n`)
  }

  pod(name: string): Pod {
    const found = this.all.find((each) => each.name === name)
    if (found === undefined) throw new Error(`no Pod ${name}`)
    return found
  }

  /** Directory behind a claim that Pods share. */
  claim(name: string): string {
    return this.#directoryOf(`claim-${name}`)
  }

  /**
   * The files of a Secret as the kubelet puts them, and replaces all of them at once: owned by root, of the group of the Pods.
   * `data`: default: what was given at the start.
   */
  setSecret(name: string, spec: PodSpec, data: Readonly<Record<string, string>> = this.#secrets[name] ?? {}): void {
    const directory = this.#directoryOf(`secret-${name}`)
    const version = `..version-${readdirSync(directory).length}`
    const mode = spec.volumes.find(({ secret }) => secret?.secretName === name)?.secret?.defaultMode ?? 0o644
    mkdirSync(join(directory, version), { mode: 0o755 })
    for (const [key, value] of Object.entries(data)) {
      const file = join(directory, version, key)
      writeFileSync(file, value)
      chownSync(file, 0, spec.securityContext.fsGroup as number)
      chmodSync(file, mode)
      if (!existsSync(join(directory, key))) symlinkSync(join('..data', key), join(directory, key))
    }
    symlinkSync(version, join(directory, '..next'))
    renameSync(join(directory, '..next'), join(directory, '..data'))
  }

  start(pod: Pod): void {
    const [container] = pod.spec.containers
    if (container === undefined) throw new Error(`${pod.name} has no container`)
    const child = this.#spawn(pod.name, pod.address, pod.spec, container)
    pod.process = child
    pod.ended = new Promise((resolve) => {
      child.on('close', (code) => resolve({ code, log: pod.log }))
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (data: Buffer) => {
        pod.log += data.toString()
      })
    }
  }

  /** The container's answer on its port of that name; undefined while there is none. */
  async get(pod: Pod, path: string, portName = 'metrics'): Promise<Response | undefined> {
    const port = pod.spec.containers[0]?.ports?.find(({ name }) => name === portName)?.containerPort
    return fetch(`http://${pod.address}:${port}${path}`).catch(() => undefined)
  }

  /** Resolves when the readiness probe succeeds; rejects when the process has ended instead. */
  async ready(pod: Pod): Promise<void> {
    const probe = pod.spec.containers[0]?.readinessProbe?.httpGet
    if (probe === undefined) throw new Error(`${pod.name} has no readiness probe`)
    for (;;) {
      const response = await this.get(pod, probe.path, probe.port)
      await response?.arrayBuffer()
      if (response?.status === 200) return
      if (pod.process?.exitCode !== null) throw new Error(`${pod.name} has ended:\n${pod.log}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  }

  /** As the kubelet ends a Pod: preStop, SIGTERM, and SIGKILL after the grace period. */
  async stop(pod: Pod): Promise<ContainerEnd> {
    const { process: child, ended, spec } = pod
    if (child === undefined || ended === undefined) throw new Error(`${pod.name} does not run`)
    const preStopSeconds = spec.containers[0]?.lifecycle?.preStop.sleep.seconds ?? 0
    await new Promise((resolve) => setTimeout(resolve, preStopSeconds * 1000))
    child.kill('SIGTERM')
    const graceMs = ((spec.terminationGracePeriodSeconds ?? 30) - preStopSeconds) * 1000
    const kill = setTimeout(() => child.kill('SIGKILL'), graceMs)
    const end = await ended
    clearTimeout(kill)
    return end
  }

  /** A Kubernetes Job: its init containers and then its container, each to its end, once. `more` are further arguments of the latter. */
  async runJob(name: string, more: readonly string[]): Promise<readonly ContainerEnd[]> {
    const manifest = this.#manifests.find(({ kind, metadata }) => kind === 'Job' && metadata.name === name)
    if (manifest === undefined) throw new Error(`no Job ${name}`)
    const spec = manifest.spec.template.spec
    const ends: ContainerEnd[] = []
    for (const container of [...(spec.initContainers ?? []), ...spec.containers]) {
      const last = spec.containers.includes(container)
      const child = this.#spawn(
        name,
        '127.0.0.1',
        spec,
        last ? { ...container, args: [...container.args, ...more] } : container,
      )
      let log = ''
      for (const stream of [child.stdout, child.stderr]) {
        stream?.on('data', (data: Buffer) => {
          log += data.toString()
        })
      }
      const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
      ends.push({ code, log })
      if (code !== 0) break
    }
    return ends
  }

  /** The node of a Pod is lost: the process is killed, and its own volumes are gone. */
  async lose(pod: Pod): Promise<void> {
    pod.process?.kill('SIGKILL')
    await pod.ended
    for (const name of readdirSync(this.directory)) {
      if (name.startsWith(`${pod.name}-`)) rmSync(join(this.directory, name), { recursive: true })
    }
  }

  /** Ends what runs, and removes everything. */
  async close(): Promise<void> {
    for (const { process: child } of this.all) child?.kill('SIGKILL')
    for (const { ended } of this.all) await ended
    rmSync(this.directory, { recursive: true, force: true })
  }

  #spawn(name: string, address: string, spec: PodSpec, container: Container): ChildProcess {
    const user = spec.securityContext.runAsUser as number
    const volumes = container.volumeMounts.flatMap(({ name: volume, mountPath, readOnly }) => [
      this.#volume(name, address, spec, volume, user),
      mountPath,
      readOnly === true ? 'ro' : 'rw',
    ])
    const root = this.#directoryOf(`root-${name}`)
    const own = join(this.#image, 'node_modules')
    const modules = readdirSync(own).length > 0 ? own : join(checkout, 'node_modules')
    const args = [
      root,
      process.execPath,
      this.#image,
      modules,
      this.#hosts,
      `${user}:${spec.securityContext.runAsGroup}`,
    ]
    const command = [...container.command, ...container.args]
    return spawn('unshare', ['-m', 'sh', '-c', enter, 'enter', ...args, ...volumes, '--', ...command], {
      cwd: this.directory,
      env: { PATH: process.env.PATH, ...imageEnvironment(), ...this.#environment(name, address, container) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  #environment(name: string, address: string, { env, envFrom }: Container): Record<string, string> {
    const values: Record<string, string> = {}
    for (const { configMapRef } of envFrom ?? []) Object.assign(values, this.#configMap(configMapRef.name))
    const fields: Readonly<Record<string, string>> = { 'metadata.name': name, 'status.podIP': address }
    for (const { name: key, value, valueFrom } of env ?? []) {
      const path = valueFrom?.fieldRef?.fieldPath
      const secret = valueFrom?.secretKeyRef
      const referred = path === undefined ? this.#secrets[secret?.name ?? '']?.[secret?.key ?? ''] : fields[path]
      const found = value ?? referred
      if (found === undefined) throw new Error(`${key} of ${name} comes from nowhere`)
      values[key] = found.replace(/\$\((\w+)\)/g, (whole, other: string) => values[other] ?? whole)
    }
    return values
  }

  /** The directory behind a volume of a Pod. */
  #volume(pod: string, address: string, spec: PodSpec, name: string, user: number): string {
    const volume = spec.volumes.find((each) => each.name === name)
    if (volume?.configMap !== undefined) {
      const directory = this.#directoryOf(`${pod}-${name}`)
      for (const [file, text] of Object.entries(this.#configMap(volume.configMap.name))) {
        writeFileSync(join(directory, file), text.replaceAll('0.0.0.0', address))
      }
      return directory
    }
    if (volume?.secret !== undefined) {
      const directory = this.#directoryOf(`secret-${volume.secret.secretName}`)
      if (!existsSync(join(directory, '..data'))) this.setSecret(volume.secret.secretName, spec)
      return directory
    }
    const claim = volume?.persistentVolumeClaim?.claimName
    const path = claim === undefined ? `${pod}-${name}` : `claim-${claim}`
    // An emptyDir begins empty with each Pod.
    if (volume?.emptyDir !== undefined) rmSync(join(this.directory, path), { recursive: true, force: true })
    const directory = this.#directoryOf(path)
    chownSync(directory, user, user)
    return directory
  }

  #configMap(name: string): Readonly<Record<string, string>> {
    const found = this.#manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)
    if (found === undefined) throw new Error(`no ConfigMap ${name}`)
    return found.data ?? {}
  }

  #directoryOf(name: string): string {
    const path = join(this.directory, name)
    if (!existsSync(path)) mkdirSync(path)
    chmodSync(path, 0o755)
    return path
  }
}
