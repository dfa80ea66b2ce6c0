/**
 * The order of test files: those that start processes first. They are the long ones, and mostly wait; the many short files fill
 * what is left, so that no worker stands idle while the other still has minutes to go.
 */
import { BaseSequencer, type TestSpecification } from 'vitest/node'

const isLong = ({ moduleId }: TestSpecification): boolean => moduleId.includes('/test/integration/')

export class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}
