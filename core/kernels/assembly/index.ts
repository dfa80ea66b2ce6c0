// The kernels as one module: arena, columns and state. Compiled by scripts/build-kernels.ts, without a runtime.
export * from './accumulators'
export * from './arena'
export * from './columns'
export * from './bits'
export * from './hash'
export * from './json'
export * from './select'
export * from './state'
