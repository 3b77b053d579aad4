import { mount } from '@vue/test-utils'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createI18n } from 'vue-i18n'
import en from '@/i18n/en'
import type { Sale, Stock } from '@/wire/shop'
import StockBar from './StockBar.vue'
import { offerOf } from './watch/offer'

const i18n = createI18n({ legacy: false, locale: 'en', messages: { en } })
const level = (available: number, held = 0, ledger = 1): Stock => ({ sale_id: 's', product_id: 'p', variant_id: 'v', ledger_seq: ledger, allocated: 20, available, held, sold: 20 - available - held })
const shown = (value: Stock) => mount(StockBar, { props: { level: value, note: null }, global: { plugins: [i18n] } })

describe('StockBar', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('says what is left, what is in checkout, and what is gone', () => {
    expect(shown(level(7)).text()).toContain('7 left')
    expect(shown(level(7, 3)).text()).toContain('3 in checkout')
    expect(shown(level(0, 3)).text()).toContain('Waiting for 3 payments')
    expect(shown(level(0)).text()).toContain('Sold out')
  })

  it('labels a rise for a while', async () => {
    const bar = shown(level(3))
    await bar.setProps({ level: level(5, 0, 2), note: { kind: 'returned', units: 2, ledgerSeq: 2 } })
    expect(bar.text()).toContain('2 returned')
    await vi.advanceTimersByTimeAsync(5000)
    expect(bar.text()).not.toContain('returned')
  })
})

describe('offerOf', () => {
  const sale = (state: Sale['state']): Sale => ({ id: 's', stream_id: 't', state, hold_seconds: 300, items: [] })
  const terms = { product_id: 'p', variant_id: 'v', price: { amount: 1, currency: 'KRW' as const }, max_per_buyer: 1 }

  it('sells only in an open sale with stock', () => {
    expect(offerOf(sale('open'), terms, level(1))).toBe('buy')
    expect(offerOf(sale('open'), terms, level(0, 2))).toBe('soldOut')
    expect(offerOf(sale('paused'), terms, level(1))).toBe('paused')
    expect(offerOf(sale('closed'), terms, level(1))).toBe('closed')
    expect(offerOf(sale('draft'), terms, level(1))).toBe('soon')
    expect(offerOf(sale('open'), null, null)).toBe('notOpen')
    expect(offerOf(null, terms, level(1))).toBe('notOpen')
  })
})
