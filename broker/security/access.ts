/**
 * Access to a broker, from its configuration and its metadata: who is a user, who may do what. Entries and credentials
 * follow the metadata log.
 */
import type { Disk } from '../../core/platform/disk.ts'
import type { Random } from '../../core/platform/random.ts'
import { type Authorizer, allowAll } from '../api/handler.ts'
import type { MetadataLog } from '../metadata/metadata-log.ts'
import type { MetadataRecord } from '../metadata/records.ts'
import { AclAuthorizer } from './authorizer.ts'
import { securityErrors } from './errors.ts'
import type { Credentials, SaslMechanism } from './sasl.ts'
import { parseMechanisms, parsePrincipals, parseUsers, Users } from './users.ts'

export interface AccessSettings {
  readonly mechanisms: string
  readonly usersFile: string | undefined
  readonly authorizer: 'none' | 'acl'
  readonly superUsers: string
  readonly allowWithoutEntries: boolean
}

export interface Access {
  readonly authorizer: Authorizer
  readonly credentials: Credentials
  readonly mechanisms: readonly SaslMechanism[]
  /** Whether anybody could authenticate at all. */
  hasUsers(): boolean
}

/** Throws BROKER_SECURITY_USERS_FILE, BROKER_SECURITY_USERS_LINE, BROKER_SECURITY_BAD_MECHANISM, BROKER_SECURITY_BAD_PRINCIPAL. */
export function openAccess(settings: AccessSettings, metadata: MetadataLog, disk: Disk, random: Random): Access {
  const passwords = settings.usersFile === undefined ? new Map<string, string>() : readUsers(settings.usersFile, disk)
  return {
    authorizer: openAuthorizer(settings, metadata),
    credentials: new Users(passwords, () => metadata.image, random),
    mechanisms: parseMechanisms(settings.mechanisms),
    hasUsers: () => passwords.size > 0 || metadata.image.scramCount > 0,
  }
}

function openAuthorizer(settings: AccessSettings, metadata: MetadataLog): Authorizer {
  const superUsers = parsePrincipals(settings.superUsers)
  if (settings.authorizer === 'none') return allowAll
  const authorizer = new AclAuthorizer({ superUsers, allowWithoutEntries: settings.allowWithoutEntries })
  for (const entry of metadata.image.acls.values()) authorizer.add(entry)
  metadata.subscribe((records) => follow(authorizer, records))
  return authorizer
}

function follow(authorizer: AclAuthorizer, records: readonly MetadataRecord[]): void {
  for (const record of records) {
    if (record.kind === 'acl') authorizer.add(record)
    else if (record.kind === 'acl-removed') authorizer.remove(record.id)
  }
}

function readUsers(path: string, disk: Disk): Map<string, string> {
  let content: string
  try {
    content = disk.read(path).toString('utf8')
  } catch (cause) {
    throw securityErrors.create('USERS_FILE', { path, reason: (cause as Error).message }, { cause })
  }
  return parseUsers(path, content)
}
