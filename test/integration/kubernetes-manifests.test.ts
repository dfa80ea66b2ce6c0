/** What the manifests promise, without a cluster: they render, a server takes them, and they fit together and to the code. */
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { allOptions } from '../../cli/process-config.ts'
import { environmentSource, loadConfig, parseConfigFile } from '../../core/config/index.ts'
import {
  deployDirectory,
  installKubernetesTools,
  type Manifest,
  parseYaml,
  render,
  schemaErrors,
} from '../support/kubernetes.ts'

const overlays = ['session', 'application', 'ha', 'session+tls', 'application+tls', 'ha+tls'] as const
/** The oldest that has what is used, and two after it. */
const versions = ['1.30', '1.34', '1.37'] as const
installKubernetesTools()

const rendered = new Map<string, readonly Manifest[]>()

function manifests(overlay: string): readonly Manifest[] {
  const found = rendered.get(overlay) ?? parseYaml(render(overlay))
  rendered.set(overlay, found)
  return found
}

const ofKind = (overlay: string, ...kinds: readonly string[]): Manifest[] =>
  manifests(overlay).filter(({ kind }) => kinds.includes(kind))
const withPods = (overlay: string): Manifest[] => ofKind(overlay, 'StatefulSet', 'Job')
const containersOf = ({ spec }: Manifest) => [
  ...(spec.template.spec.initContainers ?? []),
  ...spec.template.spec.containers,
]
const dataOf = (overlay: string, name: string): Readonly<Record<string, string>> =>
  ofKind(overlay, 'ConfigMap').find(({ metadata }) => metadata.name.startsWith(name))?.data ?? {}

describe('the manifests for Kubernetes', () => {
  it.each(versions)('of every overlay are what servers of version %s take', (version) => {
    expect(schemaErrors(overlays.map(render).join('\n---\n'), version)).toEqual([])
  })

  it('are checked for real: a wrong field and a wrong type are noticed', () => {
    const yaml = render('session')
    const wrong = yaml.replace('readOnlyRootFilesystem: true', 'readOnlyRootFileSystem: true')
    expect(schemaErrors(wrong, '1.34').join('\n')).toContain('readOnlyRootFileSystem')
    expect(schemaErrors(yaml.replace('replicas: 2', 'replicas: two'), '1.34').join('\n')).toContain('two')
  })

  it.each(overlays)('of overlay %s give no Pod more than it needs', (overlay) => {
    for (const manifest of withPods(overlay)) {
      const pod = manifest.spec.template.spec
      expect(pod.automountServiceAccountToken).toBe(false)
      // Or Kubernetes sets MILLRACE_… variables of its own, and no process starts.
      expect(pod.enableServiceLinks).toBe(false)
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } })
      for (const container of containersOf(manifest)) {
        expect(container.securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        })
        expect(Object.keys(container.resources.limits)).toContain('memory')
        expect(container.image).toMatch(/^millrace:\d/)
        const volumes = [...pod.volumes, ...(manifest.spec.volumeClaimTemplates ?? []).map((each) => each.metadata)]
        const names = volumes.map(({ name }) => name)
        for (const mount of container.volumeMounts) expect(names).toContain(mount.name)
      }
    }
  })

  it.each(overlays)(
    'of overlay %s find each other: selectors, ports, probes, accounts, claims, ConfigMaps',
    (overlay) => {
      const pods = withPods(overlay).map(({ spec }) => spec.template)
      const selected = (labels: Readonly<Record<string, string>>) =>
        pods.filter(({ metadata }) => Object.entries(labels).every(([key, value]) => metadata.labels[key] === value))
      const names = (kind: string) => ofKind(overlay, kind).map(({ metadata }) => metadata.name)
      const portsOf = (labels: Readonly<Record<string, string>>) =>
        selected(labels).flatMap(({ spec }) =>
          spec.containers.flatMap(({ ports }) => (ports ?? []).map((each) => each.name)),
        )
      for (const { spec } of ofKind(overlay, 'Service')) {
        expect(selected(spec.selector)).toHaveLength(1)
        for (const { targetPort } of spec.ports) expect(portsOf(spec.selector)).toContain(targetPort)
      }
      for (const { spec } of ofKind(overlay, 'PodDisruptionBudget')) {
        expect(selected(spec.selector.matchLabels)).toHaveLength(1)
      }
      for (const { spec } of ofKind(overlay, 'NetworkPolicy')) {
        const labels = spec.podSelector.matchLabels
        expect(selected(labels).length).toBeGreaterThan(0)
        for (const { ports } of spec.ingress)
          for (const { port } of ports ?? []) expect(portsOf(labels)).toContain(port)
      }
      for (const { spec, metadata, kind } of withPods(overlay)) {
        const pod = spec.template.spec
        if (kind === 'StatefulSet') {
          expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels)
          expect(names('Service')).toContain(spec.serviceName)
          expect(names('ServiceAccount')).toContain(pod.serviceAccountName)
          const [container] = pod.containers
          const probes = [container?.startupProbe, container?.livenessProbe, container?.readinessProbe]
          expect(probes.map((each) => each?.httpGet.path)).toEqual(['/livez', '/livez', '/readyz'])
          expect(new Set(probes.map((each) => each?.httpGet.port))).toEqual(new Set(['metrics']))
          expect(ofKind(overlay, 'PodDisruptionBudget').map((each) => each.metadata.name)).toContain(metadata.name)
        }
        for (const { configMap, persistentVolumeClaim: claim } of pod.volumes) {
          if (configMap !== undefined) expect(names('ConfigMap')).toContain(configMap.name)
          if (claim !== undefined) expect(names('PersistentVolumeClaim')).toContain(claim.claimName)
        }
        for (const { envFrom } of pod.containers) {
          for (const { configMapRef } of envFrom ?? []) expect(names('ConfigMap')).toContain(configMapRef.name)
        }
      }
    },
  )

  it.each(overlays)('of overlay %s have a configuration that every process understands', (overlay) => {
    const file = dataOf(overlay, 'millrace-config')['millrace.yaml'] ?? ''
    const options = allOptions()
    const own = withPods(overlay).flatMap((manifest) =>
      containersOf(manifest).flatMap(({ env }) => (env ?? []).map(({ name, value }) => [name, value ?? 'x'] as const)),
    )
    const environment = { ...dataOf(overlay, 'millrace-env'), ...Object.fromEntries(own) }
    const config = loadConfig(options, [
      parseConfigFile('millrace.yaml', file),
      environmentSource(options, environment, ['MILLRACE_JOBMANAGER']),
    ]).toRecord()
    const jobManager = ofKind(overlay, 'Service').find(({ metadata }) => metadata.name === 'millrace-jobmanager')
    expect(config['jobmanager.rpc.address']).toBe(jobManager?.metadata.name)
    expect(config['jobmanager.rpc.port']).toBe(String(jobManager?.spec.ports[0]?.port))
    const ports = withPods(overlay).flatMap(({ spec }) =>
      spec.template.spec.containers.flatMap((each) => each.ports ?? []),
    )
    const metrics = ports.filter(({ name }) => name === 'metrics').map(({ containerPort }) => containerPort)
    expect(new Set(metrics)).toEqual(new Set([Number(config['metrics.port'])]))
    expect(config['broker.listeners']).toContain(`:${ports.find(({ name }) => name === 'kafka')?.containerPort}`)
    expect(config['security.allow-insecure']).toBe(overlay.endsWith('+tls') ? 'false' : 'true')
    expect(config['security.ssl.internal.enabled']).toBe(overlay.endsWith('+tls') ? 'true' : undefined)
    expect(config['execution.checkpointing.dir']).toMatch(
      overlay.startsWith('ha') ? /^s3:\/\// : /^file:\/\/\/var\/lib\/millrace\/shared\//,
    )
  })

  it('of overlay ha keep credentials in a Secret, and share no volume', () => {
    const text = render('ha')
    expect(text).toContain('secretKeyRef')
    expect(ofKind('ha', 'PersistentVolumeClaim')).toEqual([])
    expect(text).not.toContain('millrace-shared')
    expect(ofKind('ha', 'ConfigMap').some(({ data }) => /SECRET|ACCESS_KEY/.test(JSON.stringify(data)))).toBe(false)
  })

  it.each(['session+tls', 'application+tls', 'ha+tls'])(
    'of %s mount the files that the configuration names',
    (overlay) => {
      for (const manifest of withPods(overlay)) {
        const { volumes } = manifest.spec.template.spec
        const needs = !manifest.metadata.name.includes('broker')
        const tls = volumes.filter(({ secret }) => secret?.secretName === 'millrace-tls')
        expect(tls, manifest.metadata.name).toHaveLength(needs ? 1 : 0)
        if (!needs) continue
        // Read by the group of the Pod, whatever the node thinks of others.
        expect(tls[0]?.secret?.defaultMode).toBe(0o440)
        expect(manifest.spec.template.spec.securityContext).toMatchObject({ fsGroup: 65532 })
        for (const container of containersOf(manifest)) {
          const mount = container.volumeMounts.find(({ name }) => name === tls[0]?.name)
          expect(mount).toMatchObject({ readOnly: true })
          const own = Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value ?? '']))
          const environment = { ...(container.envFrom === undefined ? {} : dataOf(overlay, 'millrace-env')), ...own }
          const files = Object.entries(environment).filter(([name]) =>
            /_SSL_(INTERNAL|CLIENT)_(KEY|CERT|CA)$/.test(name),
          )
          expect(files).toHaveLength(3)
          for (const [name, file] of files) {
            expect(file, name).toMatch(new RegExp(`^${mount?.mountPath}/(tls[.]key|tls[.]crt|ca[.]crt)$`))
          }
        }
      }
    },
  )

  it('start the program of the image as its user', () => {
    const lines = readFileSync(`${deployDirectory}/Dockerfile`, 'utf8').split('\n')
    const entrypoint = lines.find((line) => line.startsWith('ENTRYPOINT '))
    const command = JSON.parse(entrypoint?.slice('ENTRYPOINT '.length) ?? '[]') as unknown
    for (const overlay of overlays) {
      for (const manifest of withPods(overlay)) {
        const { runAsUser, runAsGroup } = manifest.spec.template.spec.securityContext
        expect(lines).toContain(`USER ${runAsUser}:${runAsGroup}`)
        for (const container of containersOf(manifest)) expect(container.command).toEqual(command)
      }
    }
  })
})
