/** What can go wrong with the port at which a process says how it is. */
import { defineErrors } from '../errors.ts'

export const monitorErrors = defineErrors('MONITOR', {
  PORT_IN_USE: {
    text: 'port {port} on {host}, for /livez, /readyz and /metrics, is in use by another process',
    hint: 'Several processes on one machine need a port each: -D metrics.port=..., or 0 for a free one.',
    blame: 'user',
    retry: 'never',
  },
  CANNOT_LISTEN: {
    text: 'cannot listen on {host}:{port} for /livez, /readyz and /metrics: {reason}',
    hint: 'metrics.bind-host must be an address of this machine; ports below 1024 need a privilege.',
    blame: 'user',
    retry: 'never',
  },
  INSECURE_ADDRESS: {
    text: 'metrics.bind-host is {host}, which is not a loopback address, and the port is neither encrypted nor authenticated',
    hint: 'To listen there all the same: -D metrics.allow-insecure=true',
    blame: 'user',
    retry: 'never',
  },
})
