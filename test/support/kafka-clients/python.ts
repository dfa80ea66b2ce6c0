/** confluent-kafka for Python: a recent librdkafka inside a wheel. */
import { fileURLToPath } from 'node:url'
import { clientsDirectory, debian, installOnce, onPath, succeeds } from '../install.ts'

const environment = `${clientsDirectory}/python`
const release = '2.16.1'

function install(): boolean {
  const make = (): boolean => onPath('python3') && succeeds('python3', ['-m', 'venv', environment])
  // Debian's Python comes without the module that makes environments.
  if (!make() && !(debian('python3', 'python3-venv') && make())) return false
  return succeeds(`${environment}/bin/pip`, [
    'install',
    '--quiet',
    '--only-binary=:all:',
    `confluent-kafka==${release}`,
  ])
}

export const installPythonClient = (): void => installOnce('python', install)

export const python = `${environment}/bin/python`

/** A program of `test/support/kafka-clients/python`. */
export const pythonProgram = (name: string): string => fileURLToPath(new URL(`./python/${name}.py`, import.meta.url))
