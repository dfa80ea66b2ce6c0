/** Options of a benchmark's command line: `--name value`, or `--name` alone. An unknown one ends it with the list. */

export type Arguments = Readonly<Record<string, string | undefined>>

/** `known`: name to a word about it; names that end in `!` take no value. */
export function parseArguments(argv: readonly string[], known: Readonly<Record<string, string>>): Arguments {
  const values: Record<string, string> = {}
  for (let i = 0; i < argv.length; i++) {
    const name = argv[i].replace(/^--/, '')
    if (!argv[i].startsWith('--') || !(name in known || `${name}!` in known)) usage(argv[i], known)
    if (`${name}!` in known) values[name] = 'true'
    else if (i + 1 >= argv.length) usage(`${argv[i]} without a value`, known)
    else values[name] = argv[++i]
  }
  return values
}

function usage(problem: string, known: Readonly<Record<string, string>>): never {
  const lines = Object.entries(known).map(([name, word]) => `  --${name.replace('!', '').padEnd(14)} ${word}`)
  process.stderr.write(`unknown option ${problem}\n${lines.join('\n')}\n`)
  process.exit(2)
}
