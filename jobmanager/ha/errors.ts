/** Failures of leadership among several JobManagers. */
import { defineErrors } from '../../core/errors.ts'

export const errors = defineErrors('HA', {
  NO_STORAGE_DIRECTORY: {
    text: 'high-availability.type is {type}, and high-availability.storage-dir is not set',
    hint: 'Name a directory that every JobManager reaches: s3://bucket/path, or file:/// of a shared file system.',
    blame: 'user',
    retry: 'never',
  },
  BAD_REDIS_URL: {
    text: 'high-availability.redis.url is not a URL of Redis: {reason}',
    hint: 'It looks like redis://host:6379/0, or rediss://host:6379/0 for TLS.',
    blame: 'user',
    retry: 'never',
  },
  BAD_SENTINEL: {
    text: '"{address}" of high-availability.redis.sentinel.addresses is not host:port',
    hint: 'Addresses stand one behind the other with commas: sentinel-1:26379,sentinel-2:26379,sentinel-3:26379.',
    blame: 'user',
    retry: 'never',
  },
  REDIS_CLUSTER: {
    text: 'this is Redis Cluster, whose keys are on many servers; a lease and its queues need one Redis, or one master with Sentinels',
    hint: 'Use a Redis with cluster mode disabled. What is in it is small, and may be lost: jobs are in high-availability.storage-dir.',
    blame: 'user',
    retry: 'never',
  },
  REDIS_AWAY: {
    text: 'Redis does not answer: {reason}',
    hint: 'It is asked again until it does.',
    blame: 'external',
    retry: 'backoff',
  },
  BAD_CLUSTER_ID: {
    text: 'high-availability.cluster-id is "{id}": letters, digits, dot, dash and underscore are allowed, up to 64 of them',
    blame: 'user',
    retry: 'never',
  },
  DIRECTORY_OF_OTHER_CLUSTER: {
    text: '{directory} belongs to the cluster {other}, and this JobManager is of {own}',
    hint: 'Give each cluster its own high-availability.storage-dir, or the same high-availability.cluster-id to all JobManagers of one cluster. Nothing was changed.',
    blame: 'user',
    retry: 'never',
  },
  DIRECTORY_IN_USE: {
    text: 'a JobManager at {address} leads in {directory}, and this Redis does not know of it',
    hint: 'Do two clusters use one directory? Give each its own high-availability.storage-dir, or all JobManagers of a cluster the same Redis. Nothing was changed.',
    blame: 'user',
    retry: 'never',
  },
  STORE_LOCKED: {
    text: 'another JobManager works in {directory}',
    hint: 'Stop it, or give this one its own jobmanager.data-dir. Several JobManagers of one cluster need high-availability.type: redis.',
    blame: 'user',
    retry: 'never',
  },
  BAD_FENCE: {
    text: '{path} is not what a leader writes there: {reason}',
    hint: 'It holds the number of the last leader. Nothing was changed.',
    blame: 'external',
    retry: 'never',
  },
  DEPOSED: {
    text: 'this JobManager does not lead any more: {reason}',
    hint: 'Another one leads, or will. The request may be sent again.',
    blame: 'external',
    retry: 'backoff',
  },
  NOT_LEADER: {
    text: 'the JobManager at {address} stands by; {leads}',
    hint: 'Clients find the leader by themselves when they are given the addresses of all JobManagers: -m host:port,host:port.',
    blame: 'external',
    retry: 'backoff',
  },
  NOT_ACCEPTED: {
    text: 'the job could not be accepted: {reason}',
    hint: 'Nothing was started. Try again when Redis and the storage answer.',
    blame: 'external',
    retry: 'backoff',
  },
})
