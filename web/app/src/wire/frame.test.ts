// The frames of the server's golden vectors are read here field by field: a shape copies known
// fields only, so a field that this side has forgotten shows as a difference.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { decodeServer, encodeClient, laneOf, type ClientFrame } from './frame'
import { ShapeError } from './shape'

interface Vector {
  name: string
  bytes: { v: number; t: string; d: unknown; lane?: string; pos?: unknown }
}

const vectors = (name: string): Vector[] =>
  JSON.parse(readFileSync(resolve('../../signaling/wire/vectors', `${name}.json`), 'utf8')) as Vector[]

describe('server frames', () => {
  const all = vectors('server')

  it('has a vector for every kind', () => {
    const kinds = new Set(all.map((vector) => vector.bytes.t))
    const known = ['snapshot', 'session', 'sanction', 'pong', 'presence', 'lint', 'bye', 'error', 'card', 'pinned', 'unpinned', 'sale', 'stock', 'order', 'lease', 'chat']
    expect([...kinds].sort()).toEqual(known.sort())
  })

  it.each(all.map((vector) => [vector.name, vector.bytes] as const))('reads %s', (_, bytes) => {
    const { lane, pos, frame } = decodeServer(JSON.stringify(bytes))
    expect(frame).not.toBeNull()
    const again = { v: 1, lane, ...(pos ? { pos } : {}), t: frame?.t, d: frame?.d }
    expect(again).toEqual(bytes)
  })

  it('keeps the place of a kind that it does not know', () => {
    const read = decodeServer('{"v":1,"lane":"shop","pos":{"epoch":1,"seq":2,"prev":1},"t":"auction","d":{}}')
    expect(read).toEqual({ lane: 'shop', pos: { epoch: 1, seq: 2, prev: 1 }, frame: null })
  })

  it.each([
    ['another version', '{"v":2,"lane":"chat","t":"chat","d":{"messages":[]}}'],
    ['another lane', '{"v":1,"lane":"gifts","t":"chat","d":{"messages":[]}}'],
    ['a missing payload', '{"v":1,"lane":"chat","t":"chat"}'],
    ['text for a number', '{"v":1,"lane":"control","t":"presence","d":{"live":true,"viewers":"3"}}'],
    ['a number below zero', '{"v":1,"lane":"control","t":"presence","d":{"live":true,"viewers":-1}}'],
    ['an unknown currency', JSON.stringify({ v: 1, lane: 'shop', t: 'card', d: { id: 'c', no: 1, state: 'queued', product: { id: 'p', title: { ko: '', en: '' }, image_url: '', price: { amount: 1, currency: 'XXX' } } } })],
  ])('refuses %s', (_, json) => {
    expect(() => decodeServer(json)).toThrow(ShapeError)
  })

  it('refuses what is not JSON', () => {
    expect(() => decodeServer('hello')).toThrow(SyntaxError)
  })
})

describe('client frames', () => {
  it.each(vectors('client').map((vector) => [vector.name, vector.bytes] as const))('writes %s', (_, bytes) => {
    const frame = { t: bytes.t, d: bytes.d } as ClientFrame
    expect(JSON.parse(encodeClient(frame))).toEqual(bytes)
  })

  it('knows the lane of each', () => {
    expect(laneOf({ t: 'buy', d: { key: 'k', sale_id: 's', product_id: 'p', quantity: 1 } })).toBe('shop')
    expect(laneOf({ t: 'say', d: { key: 'k', body: 'b' } })).toBe('chat')
    expect(laneOf({ t: 'resync', d: {} })).toBe('control')
  })
})
