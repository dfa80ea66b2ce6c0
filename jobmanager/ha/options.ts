/** Options of JobManagers that stand in for each other. */
import { duration, integer, oneOf, option, text } from '../../core/config/index.ts'
import { cron } from './cron.ts'

export const haType = option({
  key: 'high-availability.type',
  type: oneOf(['none', 'redis']),
  default: 'none',
  scope: 'jobmanager',
  doc: 'Whether several JobManagers stand in for each other. none: one JobManager, its jobs in jobmanager.data-dir. redis: one leads, the others stand by; leadership and queues in Redis, jobs in high-availability.storage-dir.',
})
export const haStorageDirectory = option({
  key: 'high-availability.storage-dir',
  type: text(),
  scope: 'jobmanager',
  doc: 'Where jobs and their bundles outlive JobManagers and Redis: s3://, or file:// of a shared file system. Checkpoints and savepoints go there too unless execution.checkpointing.dir and savepoint-dir say otherwise.',
})
export const haClusterId = option({
  key: 'high-availability.cluster-id',
  type: text(),
  default: 'default',
  scope: 'jobmanager',
  doc: 'Name of the cluster, the same on all its JobManagers. Several clusters may share one Redis.',
})
export const haRedisUrl = option({
  key: 'high-availability.redis.url',
  type: text(),
  default: 'redis://127.0.0.1:6379',
  scope: 'jobmanager',
  doc: 'Redis: redis://host:port/database, or rediss:// for TLS. User and password may stand in it; better, use the options for them, by environment.',
})
export const haRedisUser = option({
  key: 'high-availability.redis.username',
  type: text(),
  scope: 'jobmanager',
  doc: 'User at Redis; goes before the one in the URL.',
})
export const haRedisPassword = option({
  key: 'high-availability.redis.password',
  type: text(),
  scope: 'jobmanager',
  doc: 'Password at Redis; goes before the one in the URL. Give it by environment, MILLRACE_HIGH_AVAILABILITY_REDIS_PASSWORD; it is never logged.',
})
export const haSentinels = option({
  key: 'high-availability.redis.sentinel.addresses',
  type: text(),
  scope: 'jobmanager',
  doc: 'host:port of Sentinels, with commas: Redis is the master that they name, and another one when they name another. Of high-availability.redis.url then only redis: or rediss:, user, password and database count.',
})
export const haSentinelMaster = option({
  key: 'high-availability.redis.sentinel.master',
  type: text(),
  default: 'mymaster',
  scope: 'jobmanager',
  doc: 'Name of the master at the Sentinels.',
})
export const haSentinelUser = option({
  key: 'high-availability.redis.sentinel.username',
  type: text(),
  scope: 'jobmanager',
  doc: 'User at the Sentinels, when they have users.',
})
export const haSentinelPassword = option({
  key: 'high-availability.redis.sentinel.password',
  type: text(),
  scope: 'jobmanager',
  doc: 'Password at the Sentinels, when they ask for one; often another than that of Redis. Give it by environment; it is never logged.',
})
export const haRedisCa = option({
  key: 'high-availability.redis.tls.ca',
  type: text(),
  scope: 'jobmanager',
  doc: 'File of the authorities that sign the certificate of Redis, and of Sentinels, PEM. For rediss. Default: the well-known ones.',
})
export const haRedisCert = option({
  key: 'high-availability.redis.tls.cert',
  type: text(),
  scope: 'jobmanager',
  doc: 'File of the certificate that is shown to Redis and Sentinels, PEM. For rediss; default: none.',
})
export const haRedisKey = option({
  key: 'high-availability.redis.tls.key',
  type: text(),
  scope: 'jobmanager',
  doc: 'File of its private key, PEM, without a passphrase.',
})
export const haRedisPrefix = option({
  key: 'high-availability.redis.prefix',
  type: text(),
  default: 'millrace',
  scope: 'jobmanager',
  doc: 'All keys in Redis begin with it and the cluster id.',
})
export const haLease = option({
  key: 'high-availability.lease-duration',
  type: duration(),
  default: 3000,
  scope: 'jobmanager',
  doc: 'A leader that could not renew its lease for so long leads no more; another takes over about that long after it died. At least 500 ms.',
})
export const haAddress = option({
  key: 'high-availability.advertised-address',
  type: text(),
  scope: 'jobmanager',
  doc: 'host or host:port at which clients and TaskManagers reach this JobManager when it leads. Default: jobmanager.rpc.address and the port it listens on.',
})
export const takeoverTimeout = option({
  key: 'high-availability.takeover-timeout',
  type: duration(),
  default: 10_000,
  scope: 'jobmanager',
  doc: 'How long a new leader, or a JobManager that was started again, waits for the tasks of a job that ran, to go on with them as they are. After that the job starts from its newest checkpoint.',
})

export const savepointSchedule = option({
  key: 'savepoint.schedule',
  type: cron(),
  scope: 'job',
  doc: 'When savepoints are taken by themselves, as cron in UTC: 0 3 * * * is every day at three. With six fields the first is seconds.',
})
export const savepointsKept = option({
  key: 'savepoint.schedule.num-retained',
  type: integer({ min: 1, max: 10_000 }),
  default: 3,
  scope: 'job',
  doc: 'Savepoints of the schedule that are kept; older ones are deleted. Others than those of the schedule never are.',
})

export const haOptions = [
  haType,
  haStorageDirectory,
  haClusterId,
  haRedisUrl,
  haRedisUser,
  haRedisPassword,
  haSentinels,
  haSentinelMaster,
  haSentinelUser,
  haSentinelPassword,
  haRedisCa,
  haRedisCert,
  haRedisKey,
  haRedisPrefix,
  haLease,
  haAddress,
  takeoverTimeout,
] as const

export const scheduleOptions = [savepointSchedule, savepointsKept] as const
