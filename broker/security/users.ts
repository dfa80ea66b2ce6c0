/**
 * The users of a broker: those of a file, who may use every mechanism, and SCRAM credentials that clients have added, which
 * are records of the metadata log. A name that is in both has the credentials of the log for SCRAM.
 */
import type { Random } from '../../core/platform/random.ts'
import { type ScramCredential, type ScramMechanism, scramMechanismId } from '../../proto/kafka/sasl/scram.ts'
import type { MetadataImage } from '../metadata/image.ts'
import { securityErrors } from './errors.ts'
import { type Credentials, credentialOfPassword, type SaslMechanism, saslMechanisms } from './sasl.ts'

/** Throws BROKER_SECURITY_USERS_LINE. `path` is shown in errors. */
export function parseUsers(path: string, content: string): Map<string, string> {
  const users = new Map<string, string>()
  for (const [index, line] of content.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.trimStart().startsWith('#')) continue
    const bad = (reason: string): Error => securityErrors.create('USERS_LINE', { path, line: index + 1, reason })
    const at = line.indexOf('=')
    if (at < 0) throw bad('it has no =')
    const name = line.slice(0, at).trim()
    const password = line.slice(at + 1).trim()
    if (name === '') throw bad('the name is empty')
    if (password === '') throw bad(`the password of ${name} is empty`)
    if (users.has(name)) throw bad(`${name} stands there twice`)
    users.set(name, password)
  }
  return users
}

/** Throws BROKER_SECURITY_BAD_MECHANISM. */
export function parseMechanisms(list: string): SaslMechanism[] {
  return words(list, ',').map((word) => {
    const known = saslMechanisms.find((each) => each === word.toUpperCase())
    if (known === undefined) throw securityErrors.create('BAD_MECHANISM', { mechanism: word })
    return known
  })
}

/** Throws BROKER_SECURITY_BAD_PRINCIPAL. */
export function parsePrincipals(list: string): string[] {
  return words(list, ';').map((word) => {
    if (!/^User:.+$/.test(word)) throw securityErrors.create('BAD_PRINCIPAL', { principal: word })
    return word
  })
}

const words = (list: string, separator: string): string[] =>
  list
    .split(separator)
    .map((word) => word.trim())
    .filter((word) => word !== '')

export class Users implements Credentials {
  readonly #passwords: ReadonlyMap<string, string>
  readonly #image: () => MetadataImage
  readonly #random: Random
  /** Credentials made of passwords of the file: deriving one takes milliseconds. */
  readonly #derived = new Map<string, ScramCredential>()

  constructor(passwords: ReadonlyMap<string, string>, image: () => MetadataImage, random: Random) {
    this.#passwords = passwords
    this.#image = image
    this.#random = random
  }

  password(user: string): string | undefined {
    return this.#passwords.get(user)
  }

  scram(user: string, mechanism: ScramMechanism): ScramCredential | undefined {
    const added = this.#image().scram(user, scramMechanismId[mechanism])
    if (added !== undefined) {
      return {
        iterations: added.iterations,
        salt: Buffer.from(added.salt, 'base64'),
        storedKey: Buffer.from(added.storedKey, 'base64'),
        serverKey: Buffer.from(added.serverKey, 'base64'),
      }
    }
    const password = this.#passwords.get(user)
    if (password === undefined) return undefined
    const key = `${mechanism}:${user}`
    let credential = this.#derived.get(key)
    if (credential === undefined) {
      credential = credentialOfPassword(mechanism, password, this.#random)
      this.#derived.set(key, credential)
    }
    return credential
  }
}
