/** A JobManager as a process; its configuration is the argument. Prints a line of JSON when it is ready. */
import { configureLogging } from '../../core/log.ts'
import { startJobManager } from '../../jobmanager/main.ts'

configureLogging({ level: process.env.MILLRACE_TEST_LOG === '1' ? 'info' : 'silent' })
const config = JSON.parse(process.argv[2]) as Record<string, string>
try {
  const { address } = await startJobManager(config)
  process.stdout.write(`${JSON.stringify({ address })}\n`)
} catch (error) {
  const { code, message } = error as { code?: string; message: string }
  process.stdout.write(`${JSON.stringify({ code, message })}\n`)
  process.exitCode = 1
}
