/**
 * Topics of offset requests by their ids, as version 10 of OffsetCommit and OffsetFetch has them: the rooms behind know names only.
 * Pure.
 */
import { zeroUuid } from '../../../proto/kafka/reader.ts'

/** From this version on. */
export const firstVersionWithIds = 10

export interface TopicNames {
  nameOf(topicId: string): string | undefined
  idOf(name: string): string | undefined
}

interface Identified {
  name: string
  readonly topicId: string
}

/** Gives the topics that there are their names; the others come back as the second list. */
export function named<T extends Identified>(
  topics: T[],
  version: number,
  names: TopicNames,
): readonly [T[], readonly T[]] {
  if (version < firstVersionWithIds) return [topics, []]
  const known: T[] = []
  const unknown: T[] = []
  for (const topic of topics) {
    const name = names.nameOf(topic.topicId)
    if (name === undefined) unknown.push(topic)
    else {
      topic.name = name
      known.push(topic)
    }
  }
  return [known, unknown]
}

/** Answers with the ids that the client wants, without those of topics that are gone. */
export function identified<T extends { readonly name: string }>(
  answers: readonly T[],
  version: number,
  names: TopicNames,
): (T & { readonly topicId: string })[] {
  return answers.flatMap((answer) => {
    const topicId = version < firstVersionWithIds ? zeroUuid : names.idOf(answer.name)
    return topicId === undefined ? [] : [{ ...answer, topicId }]
  })
}
