/** Single keys from a terminal. The terminal is put back as it was by `close`. */

export interface Keys {
  onKey(pressed: (key: string) => void): void
  close(): void
}

/** Undefined where no person types. Ctrl-C arrives as the key `ctrl-c`. */
export function readKeys(): Keys | undefined {
  const { stdin } = process
  if (stdin.isTTY !== true) return undefined
  stdin.setRawMode(true)
  stdin.resume()
  stdin.setEncoding('utf8')
  let listener: ((key: string) => void) | undefined
  stdin.on('data', (data: string) => {
    for (const key of data) listener?.(key === '\u0003' ? 'ctrl-c' : key)
  })
  return {
    onKey(pressed) {
      listener = pressed
    },
    close() {
      listener = undefined
      stdin.setRawMode(false)
      stdin.pause()
    },
  }
}
