import { describe, expect, it } from 'vitest'
import { KEPT_MAX } from '@/wire/chat'
import type { Card, Sale, Stock } from '@/wire/shop'
import { apply, applyStock, emptyRoom, stockKey } from './state'

const level = (ledger: number, available: number, more: Partial<Stock> = {}): Stock => ({
  sale_id: 'sal_1', product_id: 'prd_1', variant_id: 'var_1', ledger_seq: ledger, allocated: 10, available, held: 0, sold: 10 - available, ...more,
})
const card = (id: string, no: number, state: Card['state'] = 'queued'): Card => ({
  id, no, state, product: { id: `prd_${no}`, title: { ko: '', en: '' }, image_url: '', price: { amount: 1, currency: 'KRW' } },
})
const sale = (id: string): Sale => ({ id, stream_id: 'str_1', state: 'open', hold_seconds: 300, items: [] })
const key = stockKey('sal_1', 'var_1')

describe('stock', () => {
  it('takes the newest commit, whatever the order of arrival', () => {
    const room = emptyRoom()
    applyStock(room, level(7, 4))
    applyStock(room, level(5, 6))
    applyStock(room, level(7, 9))
    expect(room.stock[key]?.available).toBe(4)
    applyStock(room, level(8, 3))
    expect(room.stock[key]?.available).toBe(3)
  })

  it('never rises without a reason', () => {
    const room = emptyRoom()
    applyStock(room, level(1, 4))
    expect(room.notes[key]).toBeUndefined()
    applyStock(room, level(2, 6))
    expect(room.notes[key]).toEqual({ kind: 'returned', units: 2, ledgerSeq: 2 })
    applyStock(room, level(3, 16, { allocated: 20 }))
    expect(room.notes[key]).toEqual({ kind: 'added', units: 10, ledgerSeq: 3 })
    applyStock(room, level(4, 11, { allocated: 15 }))
    expect(room.notes[key]).toEqual({ kind: 'withdrawn', units: 5, ledgerSeq: 4 })
  })

  it('keeps a tick that comes before the frame of its sale', () => {
    const room = emptyRoom()
    apply(room, { t: 'sale', d: sale('sal_1') })
    applyStock(room, level(9, 5, { sale_id: 'sal_2' }))
    apply(room, { t: 'sale', d: sale('sal_2') })
    expect(room.stock[stockKey('sal_2', 'var_1')]?.available).toBe(5)
  })
})

describe('cards', () => {
  it('has at most one pinned', () => {
    const room = emptyRoom()
    apply(room, { t: 'card', d: card('b', 2) })
    apply(room, { t: 'card', d: card('a', 1) })
    apply(room, { t: 'pinned', d: { card: card('a', 1, 'pinned'), at_ms: 1 } })
    apply(room, { t: 'pinned', d: { card: card('b', 2, 'pinned'), at_ms: 2 } })
    expect(room.cards.map((each) => [each.id, each.state])).toEqual([['a', 'shown'], ['b', 'pinned']])
    expect(room.pinned).toBe('b')
  })

  it('unpins only the card that is named', () => {
    const room = emptyRoom()
    apply(room, { t: 'pinned', d: { card: card('b', 2, 'pinned'), at_ms: 2 } })
    apply(room, { t: 'unpinned', d: { card_id: 'a' } })
    expect(room.pinned).toBe('b')
    apply(room, { t: 'unpinned', d: { card_id: 'b' } })
    expect(room.pinned).toBeNull()
    expect(room.cards[0]?.state).toBe('shown')
  })
})

describe('chat', () => {
  it('shows a message once and keeps a bounded number', () => {
    const room = emptyRoom()
    const message = (n: number) => ({ id: `msg_${n}`, user_id: 'u', name: 'n', body: '', at_ms: n, key: `${n}` })
    apply(room, { t: 'chat', d: { messages: [message(0), message(1)] } })
    apply(room, { t: 'chat', d: { messages: [message(1)] } })
    expect(room.messages).toHaveLength(2)
    apply(room, { t: 'chat', d: { messages: Array.from({ length: KEPT_MAX }, (_, n) => message(n + 2)) } })
    expect(room.messages).toHaveLength(KEPT_MAX)
    expect(room.messages.at(-1)?.id).toBe(`msg_${KEPT_MAX + 1}`)
  })
})
