import { expect, it } from 'vitest'
import { errors as haErrors } from '../../../../jobmanager/ha/errors.ts'
import { rpcErrors } from '../../../../proto/rpc/errors.ts'
import { LeaderSearch } from '../../../../proto/rpc/leader-channel.ts'

const named = (leader: string): Error => haErrors.create('NOT_LEADER', { address: 'here', leads: leader, leader })
const nobody = (address: string): Error => rpcErrors.create('NO_JOBMANAGER', { address })

it('the one that a standby names is asked at once', () => {
  const search = new LeaderSearch(['a:1', 'b:1'])
  expect(search.failed(named('b.inside:1'))).toBe(true)
  expect(search.current).toBe('b.inside:1')
})

it('a leader that is named by a name which is not known here is found under its own address', () => {
  const search = new LeaderSearch(['a:1', 'b:1'])
  const asked: string[] = []
  for (let i = 0; i < 6 && search.current !== 'b:1'; i++) {
    asked.push(search.current)
    search.failed(search.current === 'a:1' ? named('b.inside:1') : nobody(search.current))
  }
  expect(asked).toEqual(['a:1', 'b.inside:1'])
  expect(search.current).toBe('b:1')
})

it('all are asked in turn while nobody answers', () => {
  const search = new LeaderSearch(['a:1', 'b:1', 'c:1'])
  const asked = Array.from({ length: 4 }, () => {
    const { current } = search
    search.failed(nobody(current))
    return current
  })
  expect(asked).toEqual(['a:1', 'b:1', 'c:1', 'a:1'])
})
