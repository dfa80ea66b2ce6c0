/** The tutorial of the log, as it stands: every command is run, in order, and prints what the page says. */
import { installKcat } from '../support/kafka-clients/kcat.ts'
import { testTutorial } from '../support/tutorial.ts'

installKcat()
testTutorial('the-log.md', { ports: ['19092', '19093'] })
