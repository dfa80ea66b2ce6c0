/** A TaskManager with fake slots as a process; its configuration is the argument. Prints a line when it is registered. */
import { configureLogging } from '../../core/log.ts'
import { startTaskManager } from '../../taskmanager/main.ts'

configureLogging({ level: 'silent' })
const config = JSON.parse(process.argv[2]) as Record<string, string>
const { id } = await startTaskManager(config, { slotWorker: new URL('./fake-slot.ts', import.meta.url) })
process.stdout.write(`${id}\n`)
