/** Those who follow a job. */
import { expect, test } from 'vitest'
import { Feed, fromNowOn } from '../../../jobmanager/job/journal.ts'

const never = new AbortController().signal

test('a follower gets what there is and then what comes, nothing twice and nothing left out', async () => {
  const feed = new Feed<number>()
  const there = [1, 2]
  const got: number[] = []
  const all = fromNowOn(() => there.splice(0), feed.follow(never, 10))
  got.push((await all.next()).value)
  feed.emit(3)
  for (let i = 0; i < 2; i++) got.push((await all.next()).value)
  feed.emit(4)
  feed.end()
  for await (const value of all) got.push(value)
  expect(got).toEqual([1, 2, 3, 4])
})

test('a follower that goes away while it gets what there is follows no longer', async () => {
  const feed = new Feed<number>()
  const live = feed.follow(never, 10)
  const all = fromNowOn(() => [1, 2], live)
  await all.next()
  feed.emit(3)
  await all.return(undefined)
  expect(await live.next()).toEqual({ done: true, value: undefined })
})
