/** `millrace transactions …`: those that are open, and the end of one whose owner does not come back. */
import { abortTransaction, describeTransactions, listTransactions } from '../../connectors/kafka/client/index.ts'
import { formatDuration, nearest } from '../../core/config/index.ts'
import { cliErrors } from '../errors.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { formatAge, type Terminal, table } from '../terminal.ts'
import { type KafkaFlags, withKafka } from './connect.ts'

/** What brokers say of transactions that readers of committed records wait for. */
const openStates = ['Ongoing', 'PrepareCommit', 'PrepareAbort']
const neverMs = 2_147_483_647

export async function showTransactions(
  terminal: Terminal,
  flags: KafkaFlags & { readonly all?: boolean },
): Promise<ExitCode> {
  return withKafka(flags, async ({ cluster }) => {
    const ids = await listTransactions(cluster, flags.all === true ? [] : openStates)
    const found = await describeTransactions(cluster, ids)
    // The oldest first: it is what readers wait for. Those without a transaction come last.
    const since = (startMs: number): number => (startMs < 0 ? Number.POSITIVE_INFINITY : startMs)
    found.sort((a, b) => since(a.startMs) - since(b.startMs) || (a.transactionalId < b.transactionalId ? -1 : 1))
    if (terminal.json) terminal.out(JSON.stringify(found))
    else if (found.length === 0) terminal.note(flags.all === true ? 'no transactions' : 'no open transactions')
    else {
      const nowMs = terminal.clock.now()
      const rows = found.map(
        ({ transactionalId, state, producerId, producerEpoch, timeoutMs, startMs, partitions }) => [
          transactionalId,
          state,
          startMs < 0 ? '-' : formatAge(Math.max(0, nowMs - startMs)),
          timeoutMs === neverMs ? 'never' : formatDuration(timeoutMs),
          `${producerId}/${producerEpoch}`,
          partitions.map(({ topic, partition }) => `${topic}/${partition}`).join(' ') || '-',
        ],
      )
      for (const line of table(['ID', 'STATE', 'OPEN FOR', 'EXPIRES', 'PRODUCER', 'PARTITIONS'], rows))
        terminal.out(line)
    }
    return exitCodes.ok
  })
}

/** Throws CLI_NO_SUCH_TRANSACTION for an id that has none open. */
export async function endTransaction(
  terminal: Terminal,
  transactionalId: string,
  flags: KafkaFlags,
): Promise<ExitCode> {
  return withKafka(flags, async ({ cluster }) => {
    const [found] = await describeTransactions(cluster, [transactionalId])
    if (found?.state !== 'Ongoing') {
      const near = nearest(transactionalId, await listTransactions(cluster, openStates))
      const suggestion = near === undefined ? 'All that are open: millrace transactions list' : `Did you mean ${near}?`
      throw cliErrors.create('NO_SUCH_TRANSACTION', { transactionalId, suggestion })
    }
    await abortTransaction(cluster, transactionalId)
    const { producerId, producerEpoch, partitions } = found
    if (terminal.json) terminal.out(JSON.stringify({ transactionalId, producerId, producerEpoch, aborted: partitions }))
    else terminal.out(`${transactionalId} aborted; its producer is shut out`)
    return exitCodes.ok
  })
}
