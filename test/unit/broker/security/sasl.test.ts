import { describe, expect, it } from 'vitest'
import { type Credentials, credentialOfPassword, startConversation } from '../../../../broker/security/sasl.ts'
import { seededRandom } from '../../../../core/platform/random.ts'
import {
  clientFinalWithoutProof,
  clientFirstBare,
  clientProof,
  parseServerFinal,
  parseServerFirst,
  proofIsRight,
  type ScramMechanism,
  saltPassword,
  scramCredential,
  serverKeyOf,
  serverSignature,
} from '../../../../proto/kafka/sasl/scram.ts'

const random = seededRandom(7)

function users(passwords: Record<string, string>): Credentials {
  return {
    password: (user) => passwords[user],
    scram: (user, mechanism) => {
      const password = passwords[user]
      return password === undefined ? undefined : credentialOfPassword(mechanism, password, random)
    },
  }
}

/** A client's side of the exchange; returns how it ended, and whether the server proved itself too. */
function exchange(mechanism: ScramMechanism, credentials: Credentials, user: string, password: string, twice = '') {
  const conversation = startConversation(mechanism, credentials, random)
  const bare = clientFirstBare(user, 'abcdef')
  const step = conversation.step(Buffer.from(`n,,${bare}`))
  if (step.kind !== 'continue') return { step, proved: false }
  const serverFirst = step.answer.toString()
  const first = parseServerFirst(serverFirst)
  if (first === undefined) throw new Error(serverFirst)
  const salted = saltPassword(mechanism, password, first.salt, first.iterations)
  const without = clientFinalWithoutProof('n,,', twice + first.nonce)
  const signed = `${bare},${serverFirst},${without}`
  const last = conversation.step(
    Buffer.from(`${without},p=${clientProof(mechanism, salted, signed).toString('base64')}`),
  )
  const proved =
    last.kind === 'authenticated' &&
    parseServerFinal(last.answer.toString())?.equals(
      serverSignature(mechanism, serverKeyOf(mechanism, salted), signed),
    ) === true
  return { step: last, proved }
}

describe('SCRAM', () => {
  it('computes the example of RFC 7677', () => {
    const salt = Buffer.from('W22ZaJ0SNY7soEsUEjb6gQ==', 'base64')
    const salted = saltPassword('SCRAM-SHA-256', 'pencil', salt, 4096)
    const nonce = 'rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0'
    const signed = `n=user,r=rOprNGfwEbeRWgbNEkqO,r=${nonce},s=${salt.toString('base64')},i=4096,c=biws,r=${nonce}`
    const proof = clientProof('SCRAM-SHA-256', salted, signed)
    expect(proof.toString('base64')).toBe('dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=')
    const credential = scramCredential('SCRAM-SHA-256', salted, salt, 4096)
    expect(proofIsRight('SCRAM-SHA-256', credential, proof, signed)).toBe(true)
    expect(serverSignature('SCRAM-SHA-256', credential.serverKey, signed).toString('base64')).toBe(
      '6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
    )
  })

  it.each(['SCRAM-SHA-256', 'SCRAM-SHA-512'] as const)(
    '%s lets in who knows the password, and proves itself',
    (mechanism) => {
      const { step, proved } = exchange(mechanism, users({ 'a,b=c': 'geheim' }), 'a,b=c', 'geheim')
      expect(step).toMatchObject({ kind: 'authenticated', user: 'a,b=c' })
      expect(proved).toBe(true)
    },
  )

  it('lets in an old librdkafka, which says its own nonce twice', () => {
    const { step, proved } = exchange('SCRAM-SHA-256', users({ ann: 'right' }), 'ann', 'right', 'abcdef')
    expect(step).toMatchObject({ kind: 'authenticated', user: 'ann' })
    expect(proved).toBe(true)
    expect(exchange('SCRAM-SHA-256', users({ ann: 'right' }), 'ann', 'wrong', 'abcdef').step.kind).toBe('refused')
  })

  it('refuses a wrong password and an unknown user with the same words', () => {
    const wrong = exchange('SCRAM-SHA-256', users({ ann: 'right' }), 'ann', 'wrong').step
    const unknown = exchange('SCRAM-SHA-256', users({ ann: 'right' }), 'bob', 'right').step
    if (wrong.kind !== 'refused' || unknown.kind !== 'refused') throw new Error('let in')
    expect(wrong.reason).toBe(unknown.reason)
    expect(wrong.detail).not.toBe(unknown.detail)
  })

  it('asks an unknown user with the same salt every time', () => {
    const ask = (): string | undefined => {
      const step = startConversation('SCRAM-SHA-256', users({}), random).step(Buffer.from('n,,n=nobody,r=x'))
      return step.kind === 'continue' ? parseServerFirst(step.answer.toString())?.salt.toString('hex') : undefined
    }
    expect(ask()).toBeDefined()
    expect(ask()).toBe(ask())
  })

  it.each([
    '',
    'n,,',
    'y,,n=a,r=b',
    'n,,n=a',
    'n,,m=x,n=a,r=b',
    'n,,n=a=b,r=c',
    'p=tls-unique,,n=a,r=b',
    'n,,n=a,r=b\u0000c',
  ])('refuses %j as a first message', (text) => {
    expect(startConversation('SCRAM-SHA-256', users({ a: 'b' }), random).step(Buffer.from(text)).kind).toBe('refused')
  })

  it('refuses a last message with another nonce or other channel binding, and a delegation token', () => {
    const credentials = users({ ann: 'x' })
    for (const last of ['c=biws,r=other,p=AAAA', 'c=eSws,r=NONCE,p=AAAA', 'r=NONCE,p=AAAA', 'c=biws,r=NONCE']) {
      const conversation = startConversation('SCRAM-SHA-256', credentials, random)
      const first = conversation.step(Buffer.from('n,,n=ann,r=n'))
      if (first.kind !== 'continue') throw new Error(first.kind)
      const nonce = parseServerFirst(first.answer.toString())?.nonce as string
      expect(conversation.step(Buffer.from(last.replace('NONCE', nonce))).kind).toBe('refused')
    }
    const token = startConversation('SCRAM-SHA-256', credentials, random)
    expect(token.step(Buffer.from('n,,n=ann,r=n,tokenauth=true')).kind).toBe('refused')
  })
})

describe('PLAIN', () => {
  const say = (text: string) => startConversation('PLAIN', users({ ann: 'pa ss' }), random).step(Buffer.from(text))

  it('lets in who knows the password', () => {
    expect(say('\0ann\0pa ss')).toMatchObject({ kind: 'authenticated', user: 'ann' })
    expect(say('ann\0ann\0pa ss')).toMatchObject({ kind: 'authenticated', user: 'ann' })
  })

  it.each(['', '\0\0', '\0ann\0', '\0ann\0pa', '\0bob\0pa ss', 'bob\0ann\0pa ss', '\0ann\0pa ss\0', 'ann\0pa ss'])(
    'refuses %j',
    (text) => {
      expect(say(text).kind).toBe('refused')
    },
  )
})
