/**
 * What `kubectl apply -k` would send, without a cluster: kustomize (a Go module) renders an overlay, and the schemas of
 * Kubernetes (inside a package of PyPI) tell whether a server of a version would take it.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { clientsDirectory, debian, goInstall, installOnce, onPath, succeeds } from './install.ts'

const kustomize = `${clientsDirectory}/kustomize`
const kustomizeVersion = 'v5.6.0'
const schemas = `${clientsDirectory}/kubernetes-schemas`
const schemasVersion = '1.37.0'
export const deployDirectory = fileURLToPath(new URL('../../deploy', import.meta.url))

/** Needs Go to build kustomize with. */
export function installKubernetesTools(): void {
  installOnce('kustomize', () => goInstall(`sigs.k8s.io/kustomize/kustomize/v5@${kustomizeVersion}`))
  installOnce('kubernetes-schemas', () => {
    const make = (): boolean => onPath('python3') && succeeds('python3', ['-m', 'venv', schemas])
    if (!make() && !(debian('python3', 'python3-venv') && make())) return false
    const packages = [`kubernetes-validate==${schemasVersion}`]
    return succeeds(`${schemas}/bin/pip`, ['install', '--quiet', '--only-binary=:all:', ...packages])
  })
}

export interface KeyRef {
  readonly name: string
  readonly key: string
}

export interface EnvVar {
  readonly name: string
  readonly value?: string
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string }; readonly secretKeyRef?: KeyRef }
}

export interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string }
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly command: readonly string[]
  readonly args: readonly string[]
  readonly env?: readonly EnvVar[]
  readonly envFrom?: readonly { readonly configMapRef: { readonly name: string } }[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly startupProbe?: Probe
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly lifecycle?: { readonly preStop: { readonly sleep: { readonly seconds: number } } }
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly resources: { readonly requests: object; readonly limits: Readonly<Record<string, string>> }
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string; readonly readOnly?: boolean }[]
}

export interface PodSpec {
  readonly serviceAccountName?: string
  readonly automountServiceAccountToken?: boolean
  readonly enableServiceLinks?: boolean
  readonly terminationGracePeriodSeconds?: number
  readonly securityContext: Readonly<Record<string, unknown>>
  readonly initContainers?: readonly Container[]
  readonly containers: readonly Container[]
  readonly volumes: readonly {
    readonly name: string
    readonly configMap?: { readonly name: string }
    readonly secret?: { readonly secretName: string; readonly defaultMode?: number }
    readonly emptyDir?: object
    readonly persistentVolumeClaim?: { readonly claimName: string }
  }[]
}

type Labels = Readonly<Record<string, string>>

/** As far as tests look at it; which parts there are depends on the kind. */
export interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Labels }
  readonly data?: Labels
  readonly spec: {
    readonly replicas: number
    readonly serviceName: string
    readonly selector: { readonly matchLabels: Labels } & Labels
    readonly podSelector: { readonly matchLabels: Labels }
    readonly ingress: readonly {
      readonly ports?: readonly { readonly port: string }[]
      readonly from: readonly { readonly podSelector?: { readonly matchLabels: Labels } }[]
    }[]
    readonly ports: readonly { readonly name: string; readonly port: number; readonly targetPort: string }[]
    readonly template: { readonly metadata: { readonly labels: Labels }; readonly spec: PodSpec }
    readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[]
  }
}

/** The YAML of an overlay; `ha+tls` is overlay ha with component tls. Throws what kustomize says. */
export function render(name: string): string {
  const [overlay, ...components] = name.split('+')
  const path = `${deployDirectory}/kustomize/overlays/${overlay}`
  if (components.length === 0) return build(path)
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'millrace-overlay-')))
  const list = (paths: readonly string[]): string => paths.map((each) => `\n  - ${relative(directory, each)}`).join('')
  const parts = list(components.map((each) => `${deployDirectory}/kustomize/components/${each}`))
  writeFileSync(
    join(directory, 'kustomization.yaml'),
    `apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:${list([path])}\ncomponents:${parts}\n`,
  )
  try {
    return build(directory)
  } finally {
    rmSync(directory, { recursive: true })
  }
}

function build(directory: string): string {
  const run = spawnSync(kustomize, ['build', directory], { encoding: 'utf8' })
  if (run.status !== 0) throw new Error(`kustomize: ${run.stderr}`)
  return run.stdout
}

export function parseYaml(text: string): readonly Manifest[] {
  const program = 'import json,sys,yaml; print(json.dumps([d for d in yaml.safe_load_all(sys.stdin) if d]))'
  const run = spawnSync(`${schemas}/bin/python`, ['-c', program], {
    input: text,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
  })
  if (run.status !== 0) throw new Error(`YAML: ${run.stderr}`)
  return JSON.parse(run.stdout) as Manifest[]
}

/** What a server of that version (`1.30`) would refuse, a line each. Fields that nobody knows are refused too. */
export function schemaErrors(yaml: string, version: string): readonly string[] {
  const directory = mkdtempSync(join(tmpdir(), 'millrace-manifests-'))
  const file = join(directory, 'all.yaml')
  writeFileSync(file, yaml)
  const args = ['--strict', '--no-warn', '--quiet', '-k', version, file]
  const run = spawnSync(`${schemas}/bin/kubernetes-validate`, args, { encoding: 'utf8' })
  rmSync(directory, { recursive: true })
  const lines = `${run.stdout}${run.stderr}`.split('\n').filter((line) => line !== '')
  return run.status !== 0 && lines.length === 0 ? [`the check ended with ${run.status}`] : lines
}
