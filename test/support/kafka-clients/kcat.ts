/** kcat, an old librdkafka on the command line. */
import { debian, installOnce, onPath } from '../install.ts'

export const installKcat = (): void => installOnce('kcat', () => onPath('kcat') || debian('kcat'))
