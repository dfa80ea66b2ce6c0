/**
 * The grammar of the command line. Commands are loaded when they are called, so that `--help` is quick. Every verb has
 * `--json`; what a verb does stands in commands/.
 */
import { Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { ownVersion } from '../core/platform/modules.ts'
import { cliErrors } from './errors.ts'
import { type ExitCode, exitCodeOf, exitCodes } from './exit-codes.ts'
import { defineLogVerbs } from './kafka/verbs.ts'
import { showError, systemTerminal, type Terminal } from './terminal.ts'

type Action = (terminal: Terminal, args: readonly (string | undefined)[], flags: never) => Promise<ExitCode>

/** Runs a command line (without node and script); the result is the exit code. Never throws. */
export async function runCli(
  argv: readonly string[],
  terminalFor: (json: boolean) => Terminal = systemTerminal,
): Promise<ExitCode> {
  let code: ExitCode = exitCodes.ok
  const terminal = terminalFor(argv.includes('--json'))
  const program = createProgram(terminal, (result) => {
    code = result
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
    return code
  } catch (error) {
    // Its text has been written by commander; help and version are no errors.
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.ok
      const problem = error.message.replace(/^error: /, '')
      if (terminal.json) showError(terminal, cliErrors.create('BAD_ARGUMENT', { problem }))
      return exitCodes.usage
    }
    showError(terminal, error)
    return exitCodeOf(error)
  }
}

/** The program with all its verbs; `done` gets the exit code of the one that ran. */
export function createProgram(terminal: Terminal, done: (code: ExitCode) => void): Command {
  const program = new Command('millrace')
  configure(program, terminal)
  program.description('Streams of records, with state, exactly once: jobs written in TypeScript.').version(ownVersion())

  /** A verb with its action; `load` imports the command and calls it. */
  const verb = (parent: Command, usage: string, summary: string, action: Action, settings?: { isDefault: boolean }) => {
    const command = parent.command(usage, settings).description(summary)
    configure(command, terminal)
    command.option('--json', 'result as JSON on standard output')
    command.action(async (...given: unknown[]) => {
      const args = given.slice(0, -2) as (string | undefined)[]
      done(await action(terminal, args, command.opts() as never))
    })
    return command
  }

  define(
    parallelism(
      verb(program, 'dev <job>', 'run a job here in one process, again at each save', async (t, [job], flags) =>
        (await import('./dev/dev.ts')).dev(t, job as string, flags),
      ),
    ),
  )
    .option('-s, --fromSavepoint <path>', 'start from a savepoint or checkpoint')
    .option('--port <port>', 'port of the JobManager (default: 6123, or a free one)', port)
    .option('--broker-port <port>', 'port of the broker (default: 9092, or a free one)', port)
    .option('--no-broker', 'start no broker; none is started either where kafka.brokers is set')
    .addHelpText('after', '\nData goes to .millrace/ in this folder.')

  cluster(
    define(
      parallelism(
        verb(
          program,
          'run <job>',
          'submit a job to a cluster and follow it; the name or id of one that has ended runs it again',
          async (t, [job], flags) => (await import('./commands/run.ts')).run(t, job as string, flags),
        ),
      ),
    ),
  )
    .option('-d, --detached', 'return as soon as the job is submitted')
    .option('-s, --fromSavepoint <path>', 'start from a savepoint or checkpoint')
    .option('-n, --allowNonRestoredState', 'accept that state is dropped which the job no longer has')

  cluster(
    verb(program, 'list', 'list the jobs of a cluster', async (t, _, flags) =>
      (await import('./commands/jobs.ts')).list(t, flags),
    ),
  )
    .option('-a, --all', 'also jobs that have ended')
    .option('-r, --running', 'only jobs that run')

  cluster(
    define(
      parallelism(
        verb(program, 'info <job>', 'everything about a job; of a file, its plan', async (t, [job], flags) =>
          (await import('./commands/jobs.ts')).info(t, job as string, flags),
        ),
      ),
    ),
  )

  cluster(
    verb(program, 'stop <job>', 'take a savepoint and end the job', async (t, [job], flags) =>
      (await import('./commands/jobs.ts')).stop(t, job as string, flags),
    ),
  )
    .option('-p, --savepointPath <directory>', 'where the savepoint goes')
    .option('--drain', 'end the streams first: windows fire, and the savepoint is a final one')

  cluster(
    verb(program, 'cancel <job>', 'end a job at once, without a savepoint', async (t, [job], flags) =>
      (await import('./commands/jobs.ts')).cancel(t, job as string, flags),
    ),
  )

  cluster(
    verb(program, 'rescale <job>', 'go on with another parallelism, from a checkpoint', async (t, [job], flags) =>
      (await import('./commands/rescale.ts')).rescale(t, job as string, flags),
    ),
  )
    .option('-p, --parallelism <number>', 'of all operators that the job gives none of their own', (value) =>
      whole(value, 1, 32_768),
    )
    .option(
      '--operator <uid=number>',
      'of the operator with that uid and those chained to it; may be repeated',
      (value: string, before?: string[]) => [...(before ?? []), value],
    )

  define(
    parallelism(
      verb(program, 'build <job>', 'build a job without running it', async (t, [job], flags) =>
        (await import('./commands/build.ts')).build(t, job as string, flags),
      ),
    ),
  )
    .option('--check <savepoint>', 'what would become of each state of a savepoint or checkpoint')
    .option('-n, --allowNonRestoredState', 'accept that state is dropped which the job no longer has')

  cluster(
    define(
      parallelism(
        verb(
          program,
          'upgrade <job> <file>',
          'let a running job go on as a new version of itself',
          async (t, [job, file], flags) =>
            (await import('./commands/upgrade.ts')).upgrade(t, job as string, file as string, flags),
        ),
      ),
    ),
  )
    .option('-n, --allowNonRestoredState', 'accept that state is dropped which the new version no longer has')
    .option('--savepointPath <directory>', 'where the savepoint goes')
    .option(
      '--timeout <seconds>',
      'go back to the old version when the new one has no checkpoint by then (default: 60)',
      (value) => whole(value, 1, 86_400),
    )

  savepoints(program, verb, terminal)

  checkpoints(program, verb, terminal)

  cluster(
    verb(program, 'logs <job>', 'what a job printed and what happened to it', async (t, [job], flags) =>
      (await import('./commands/jobs.ts')).logs(t, job as string, flags),
    ),
  ).option('-f, --follow', 'stay until the job ends')

  cluster(
    define(
      verb(program, 'start', 'start a server process', async (t, _, flags) =>
        (await import('./commands/start.ts')).start(t, flags),
      ),
    ),
  )
    .addOption(
      new Option('--role <role>', 'which').choices(['jobmanager', 'taskmanager', 'broker']).makeOptionMandatory(),
    )
    .option('--config <file>', 'configuration file (default: millrace.yaml, if there is one)')
    .option('--listen <host:port>', 'of a broker: where clients connect (default: 127.0.0.1:9092)')
    .option('--data <directory>', 'of a broker: where the log is (default: .millrace/broker)')
    .addOption(
      new Option('--authorizer <name>', 'of a broker: acl refuses what no entry allows').choices(['none', 'acl']),
    )
    .option('--super-users <names>', 'of a broker: who may do everything, User:name;User:other')
    .option('--tls-cert <file>', 'of a broker: its certificate and the chain; turns TLS on')
    .option('--tls-key <file>', 'of a broker: its private key')
    .option('--tls-ca <file>', 'of a broker: certificates that sign those of clients')
    .addOption(
      new Option('--client-auth <which>', 'of a broker: certificates of clients').choices([
        'none',
        'requested',
        'required',
      ]),
    )
    .option('--sasl-mechanisms <names>', 'of a broker: SCRAM-SHA-512,SCRAM-SHA-256,PLAIN; turns logins on')
    .option('--users-file <file>', 'of a broker: users and passwords, name=password; turns logins on')

  defineLogVerbs(program, verb, (name, summary) => {
    const command = program.command(name).description(summary)
    configure(command, terminal)
    return command
  })

  cluster(
    verb(program, 'doctor', 'check this machine and the cluster', async (t, _, flags) =>
      (await import('./commands/doctor.ts')).doctor(t, flags),
    ),
  ).option('--options', 'list every configuration key')

  verb(program, 'explain [code]', 'what an error code means', async (t, [code]) =>
    (await import('./commands/explain.ts')).explain(t, code),
  )
  return program
}

type Verb = (
  parent: Command,
  usage: string,
  summary: string,
  action: Action,
  settings?: { isDefault: boolean },
) => Command

function savepoints(program: Command, verb: Verb, terminal: Terminal): void {
  const savepoint = program
    .command('savepoint')
    .description('create, list, inspect, read, compare and dispose savepoints')
  configure(savepoint, terminal)
  const load = () => import('./commands/savepoint.ts')
  // Flink's spelling, `savepoint <job> [directory]`, is the default of them.
  cluster(
    verb(
      savepoint,
      'create [job] [directory]',
      'take a savepoint of a running job',
      async (t, [job, directory], flags: { readonly dispose?: string; readonly jobmanager?: string }) => {
        if (flags.dispose !== undefined) return (await load()).disposeSavepointAt(t, flags.dispose, flags)
        if (job === undefined)
          throw new CommanderError(1, 'millrace.usage', missing(t, "error: missing required argument 'job'"))
        return (await load()).createSavepoint(t, job, directory, flags)
      },
      { isDefault: true },
    ),
  ).option('-d, --dispose <path>', 'delete the savepoint at this path')
  verb(savepoint, 'list [directory]', 'list the savepoints below a directory', async (t, [directory]) =>
    (await load()).listSavepoints(t, directory ?? '.millrace'),
  )
  verb(savepoint, 'inspect <path>', 'what a savepoint or checkpoint holds', async (t, [path]) =>
    (await load()).inspectSavepoint(t, path as string),
  )
  verb(savepoint, 'read <path>', 'the entries of its state, a JSON object on each line', async (t, [path], flags) =>
    (await import('./commands/savepoint-content.ts')).readSavepoint(t, path as string, flags),
  )
    .option('--uid <uid>', 'only of this operator')
    .option('--state <name>', 'only of this state')
    .option('--key <key>', 'only of this key: a text, or JSON')
    .option('--limit <number>', 'at most so many', (value) => whole(value, 0, Number.MAX_SAFE_INTEGER))
  verb(savepoint, 'diff <first> <second>', 'what differs between two savepoints or checkpoints', async (t, [a, b]) =>
    (await import('./commands/savepoint-content.ts')).diffSavepoints(t, a as string, b as string),
  )
  cluster(
    verb(savepoint, 'dispose <path>', 'delete a savepoint', async (t, [path], flags) =>
      (await load()).disposeSavepointAt(t, path as string, flags),
    ),
  )
}

function checkpoints(program: Command, verb: Verb, terminal: Terminal): void {
  const checkpoint = program.command('checkpoint').description('take a checkpoint, prove one, or clean up behind them')
  configure(checkpoint, terminal)
  cluster(
    verb(
      checkpoint,
      'create <job>',
      'take a checkpoint now',
      async (t, [job], flags) => (await import('./commands/jobs.ts')).checkpoint(t, job as string, flags),
      { isDefault: true },
    ),
  )
  verb(checkpoint, 'verify <path>', 'whether a checkpoint or savepoint is complete and unaltered', async (t, [path]) =>
    (await import('./commands/verify.ts')).verifyCheckpoint(t, path as string),
  )
  verb(checkpoint, 'clean <path>', 'remove files of checkpoints that nothing refers to', async (t, [path], flags) =>
    (await import('./commands/clean.ts')).cleanCheckpoints(t, path as string, flags),
  )
    .option('--older-than <duration>', 'only files that were not changed for so long (default: 1d, at least 1h)')
    .option('--dry-run', 'list them, and leave them')
}

function missing(terminal: Terminal, text: string): string {
  terminal.note(text)
  return text
}

function configure(command: Command, terminal: Terminal): void {
  command
    .exitOverride()
    .showSuggestionAfterError(true)
    .showHelpAfterError('(--help lists what there is)')
    .configureOutput({
      writeOut: (text) => terminal.out(text.trimEnd()),
      writeErr: (text) => terminal.note(text.trimEnd()),
    })
}

/** `-D` gives security.ssl.* to the connection, and what is left to the job or the process. */
const cluster = (command: Command): Command =>
  (command.options.some(({ long }) => long === '--define') ? command : define(command)).option(
    '-m, --jobmanager <host:port>',
    'JobManager (default: $MILLRACE_JOBMANAGER, or localhost:6123)',
  )

const define = (command: Command): Command =>
  command.option('-D, --define <key=value>', 'set an option; may be repeated', (value: string, before?: string[]) => [
    ...(before ?? []),
    value,
  ])

const parallelism = (command: Command): Command =>
  command.option('-p, --parallelism <number>', 'parallelism of operators that have none of their own', (value) =>
    whole(value, 1, 32_768),
  )

const port = (value: string): number => whole(value, 0, 65_535)

function whole(value: string, min: number, max: number): number {
  const number = Number(value)
  if (!/^\d+$/.test(value) || number < min || number > max) {
    throw new InvalidArgumentError(`expected a whole number from ${min} to ${max}`)
  }
  return number
}
