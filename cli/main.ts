/** The `millrace` command: runs what the arguments say and leaves with its exit code. */
import { runCli } from './program.ts'

// Whoever reads us may leave early: `millrace logs -f job | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

process.exitCode = await runCli(process.argv.slice(2))
// Nothing that a command leaves open keeps the process: what matters has been awaited.
process.stdout.write('', () => process.stderr.write('', () => process.exit()))
