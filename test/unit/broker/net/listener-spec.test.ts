import { describe, expect, it } from 'vitest'
import { isLoopback, parseAdvertised, parseListeners, refuseInsecure } from '../../../../broker/net/listener-spec.ts'

describe('listeners as they are configured', () => {
  it('have a name, a protocol, a host and a port', () => {
    expect(parseListeners('127.0.0.1:9092, IN=SASL_SSL://[::1]:9093,ssl://0.0.0.0:0')).toEqual([
      { name: 'PLAINTEXT', protocol: 'PLAINTEXT', host: '127.0.0.1', port: 9092 },
      { name: 'IN', protocol: 'SASL_SSL', host: '::1', port: 9093 },
      { name: 'SSL', protocol: 'SSL', host: '0.0.0.0', port: 0 },
    ])
  })

  it.each(['', 'localhost', 'PLAINTEXT://a:99999', 'HTTP://a:1', 'a:1,b:2', 'PLAINTEXT://a b:1', 'A=B=C'])(
    'are refused with a sentence when they are %j',
    (text) => {
      expect(() => parseListeners(text)).toThrow(expect.objectContaining({ code: 'BROKER_BAD_LISTENER' }))
    },
  )

  it('are advertised under their names', () => {
    const listeners = parseListeners('OUT=SSL://0.0.0.0:9093')
    expect(parseAdvertised('OUT://broker.example:443', listeners)).toEqual(
      new Map([['OUT', { host: 'broker.example', port: 443 }]]),
    )
    expect(() => parseAdvertised('IN://a:1', listeners)).toThrow('no listener has the name IN')
  })

  it('are refused where others reach them without TLS and authentication', () => {
    const refused = (text: string, mutual = false): string => {
      try {
        for (const spec of parseListeners(text)) refuseInsecure(spec, mutual)
        return 'taken'
      } catch (error) {
        return (error as Error).message
      }
    }
    expect(refused('PLAINTEXT://127.0.0.1:1')).toBe('taken')
    expect(refused('SASL_SSL://0.0.0.0:1')).toBe('taken')
    expect(refused('SSL://0.0.0.0:1', true)).toBe('taken')
    expect(refused('SSL://0.0.0.0:1')).toContain('no authentication')
    expect(refused('SASL_PLAINTEXT://0.0.0.0:1')).toContain('no TLS')
    expect(refused('PLAINTEXT://10.0.0.1:1')).toContain('no TLS and no authentication')
  })

  it('knows what only this machine reaches', () => {
    expect(['localhost', '127.0.0.1', '127.9.9.9', '::1'].every(isLoopback)).toBe(true)
    expect(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com'].some(isLoopback)).toBe(false)
  })
})
