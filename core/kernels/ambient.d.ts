/**
 * What the runtime has and its published types lack: WebAssembly with shared memory (otherwise only in the browser's
 * library), and the Buffer methods that read and write strings without choosing the encoding at run time.
 */
declare namespace WebAssembly {
  interface MemoryDescriptor {
    readonly initial: number
    readonly maximum: number
    readonly shared: true
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor)
    readonly buffer: SharedArrayBuffer
    /** Adds pages of 64 KB; returns the number before. */
    grow(pages: number): number
  }
  class Module {
    constructor(bytes: Uint8Array)
  }
  type Exports = Readonly<Record<string, unknown>>
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>)
    readonly exports: Exports
  }
  function validate(bytes: Uint8Array): boolean
}

interface Buffer {
  latin1Slice(start: number, end: number): string
  utf8Slice(start: number, end: number): string
  ucs2Slice(start: number, end: number): string
  latin1Write(text: string, offset: number, length: number): number
  utf8Write(text: string, offset: number, length: number): number
}
