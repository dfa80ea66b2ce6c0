import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { isAlive } from '../../../../core/platform/processes.ts'
import { until } from '../../../support/until.ts'

it('a process lives until it has ended, also while its parent has not taken note', async () => {
  // The shell becomes a `sleep`, which waits for no child: that one stays a zombie.
  const parent = spawn('sh', ['-c', 'cat <&3 & echo $!; exec sleep 30'], {
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  })
  try {
    const child = await new Promise<number>((resolve) =>
      parent.stdout?.once('data', (data: Buffer) => resolve(Number(data.toString()))),
    )
    expect(isAlive(process.pid)).toBe(true)
    expect(isAlive(child)).toBe(true)
    // A shell would still take note of the end of its child.
    while (readFileSync(`/proc/${parent.pid}/comm`, 'utf8') !== 'sleep\n') await new Promise(setImmediate)
    // The end of its input is the end of the child.
    parent.stdio[3]?.destroy()
    await until(() => !isAlive(child))
    // The signal alone would have said that it lives.
    expect(() => process.kill(child, 0)).not.toThrow()
  } finally {
    parent.kill('SIGKILL')
  }
})
