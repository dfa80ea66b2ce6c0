/** Servers in tests log only what is wrong. */
import { configureLogging } from '../../core/log.ts'

configureLogging({ level: 'warn', format: 'text' })
