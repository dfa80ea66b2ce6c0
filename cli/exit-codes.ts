/** Exit codes: stable, for scripts. An error that has no row here ends a command with 1. */
import { isMillraceError } from '../core/errors.ts'

export const exitCodes = {
  ok: 0,
  failed: 1,
  usage: 2,
  noCluster: 3,
  notFound: 4,
  conflict: 5,
  /** We stopped waiting; what was asked for goes on. */
  stillRunning: 6,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** Exit codes of errors by code. */
export const exitCodesByError: Readonly<Record<string, ExitCode>> = {
  CLI_BAD_ARGUMENT: exitCodes.usage,
  CONFIG_UNKNOWN_KEY: exitCodes.usage,
  CONFIG_BAD_VALUE: exitCodes.usage,
  CONFIG_BAD_FILE: exitCodes.usage,
  CONFIG_NOT_FOR_JOBS: exitCodes.usage,
  CONNECTOR_BAD_OPTION: exitCodes.usage,
  BROKER_BAD_LISTENER: exitCodes.usage,
  BROKER_INSECURE_LISTENER: exitCodes.usage,
  BROKER_TLS_FILE: exitCodes.usage,
  TLS_NOT_SET: exitCodes.usage,
  TLS_UNREADABLE: exitCodes.usage,
  TLS_BAD_FILE: exitCodes.usage,
  TLS_KEY_MISMATCH: exitCodes.usage,
  TLS_EXPIRED: exitCodes.usage,
  TLS_NOT_YET_VALID: exitCodes.usage,
  TLS_NOT_SIGNED: exitCodes.usage,
  BROKER_SECURITY_USERS_FILE: exitCodes.usage,
  BROKER_SECURITY_USERS_LINE: exitCodes.usage,
  BROKER_SECURITY_BAD_MECHANISM: exitCodes.usage,
  BROKER_SECURITY_BAD_PRINCIPAL: exitCodes.usage,
  BROKER_SECURITY_NO_USERS: exitCodes.usage,

  RPC_NO_JOBMANAGER: exitCodes.noCluster,
  RPC_CONNECTION_LOST: exitCodes.noCluster,
  RPC_NOT_MILLRACE: exitCodes.noCluster,
  RPC_HUNG_UP: exitCodes.noCluster,
  RPC_NO_TLS: exitCodes.noCluster,
  RPC_NOT_TRUSTED: exitCodes.noCluster,
  RPC_WRONG_NAME: exitCodes.noCluster,
  RPC_CERTIFICATE_REFUSED: exitCodes.noCluster,
  JOBMANAGER_SHUTTING_DOWN: exitCodes.noCluster,
  KAFKA_UNREACHABLE: exitCodes.noCluster,
  KAFKA_CONNECTION_LOST: exitCodes.noCluster,
  KAFKA_TIMEOUT: exitCodes.noCluster,

  CLI_NO_SUCH_FILE: exitCodes.notFound,
  CLI_UNKNOWN_CODE: exitCodes.notFound,
  CLI_NO_SUCH_TOPIC: exitCodes.notFound,
  CLI_NO_SUCH_PARTITION: exitCodes.notFound,
  CLI_NO_SUCH_GROUP: exitCodes.notFound,
  CLI_NO_SUCH_TRANSACTION: exitCodes.notFound,
  CLI_NO_SUCH_USER: exitCodes.notFound,
  CLI_NO_SUCH_QUOTA: exitCodes.notFound,
  CLI_NOT_IN_SNAPSHOT: exitCodes.notFound,
  CLI_NOT_UPGRADABLE: exitCodes.conflict,
  CLI_STILL_RUNS: exitCodes.conflict,
  JOBMANAGER_NO_SUCH_JOB: exitCodes.notFound,
  CHECKPOINT_NO_SNAPSHOT: exitCodes.notFound,
  STORAGE_NOT_FOUND: exitCodes.notFound,

  JOBMANAGER_AMBIGUOUS_JOB: exitCodes.conflict,
  JOBMANAGER_JOB_ENDED: exitCodes.conflict,
  JOBMANAGER_NOT_RUNNING: exitCodes.conflict,
  JOBMANAGER_NO_CHECKPOINTING: exitCodes.conflict,
  JOBMANAGER_PORT_IN_USE: exitCodes.conflict,
  HA_STORE_LOCKED: exitCodes.conflict,
  MONITOR_PORT_IN_USE: exitCodes.conflict,
  BROKER_PORT_IN_USE: exitCodes.conflict,
  BROKER_LOG_DIRECTORY_LOCKED: exitCodes.conflict,
  BROKER_LOG_WRONG_CLUSTER: exitCodes.conflict,
  BROKER_LOG_NEWER_FORMAT: exitCodes.conflict,
  CLI_TOPIC_EXISTS: exitCodes.conflict,
  CLI_GROUP_IN_USE: exitCodes.conflict,
  CHECKPOINT_STATE_LOST: exitCodes.conflict,
  CHECKPOINT_STATE_INCOMPATIBLE: exitCodes.conflict,
  CHECKPOINT_OTHER_JOB: exitCodes.conflict,
  CHECKPOINT_AMBIGUOUS_UID: exitCodes.conflict,
  CHECKPOINT_TARGET_TAKEN: exitCodes.conflict,
}

/** The exit code that an error ends a command with. Pure. */
export function exitCodeOf(error: unknown): ExitCode {
  return isMillraceError(error) ? (exitCodesByError[error.code] ?? exitCodes.failed) : exitCodes.failed
}
