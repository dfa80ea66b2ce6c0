/** Configuration: declare options, load sources, read values. See options.ts. */
export { parseConfigFile } from './file.ts'
export { didYouMean, nearest } from './nearest.ts'
export {
  type AnyOption,
  type Config,
  type ConfigSource,
  configErrors,
  environmentName,
  environmentSource,
  loadConfig,
  type Option,
  type OptionScope,
  option,
} from './options.ts'
export {
  boolean,
  duration,
  formatDuration,
  formatSize,
  integer,
  oneOf,
  parseDuration,
  parseSize,
  size,
  text,
  type ValueType,
} from './values.ts'
