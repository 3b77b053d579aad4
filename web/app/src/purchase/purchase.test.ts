import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ApiError } from '@/api/http'
import { localProblem } from '@/wire/problem'
import type { Order, Purchase } from '@/wire/shop'
import { beginAttempt, endAttempt, openAttempt, outcomeUnknown } from './attempt'
import { buy, LANE_MS } from './command'

const wanted: Purchase = { sale_id: 'sal_1', product_id: 'prd_1', quantity: 1, expected_unit_price: { amount: 100, currency: 'KRW' } }
const order = { id: 'ord_1' } as Order
const refusal = (code: string, status: number): ApiError => new ApiError(localProblem(code, status))

describe('the key of an attempt', () => {
  beforeEach(() => sessionStorage.clear())

  it('stays for the same purchase until its outcome is known', () => {
    const key = beginAttempt(sessionStorage, 'usr_1', wanted)
    expect(key).toMatch(/^[0-9a-f]{32}$/)
    expect(beginAttempt(sessionStorage, 'usr_1', { ...wanted })).toBe(key)
    expect(openAttempt(sessionStorage, 'usr_1', 'sal_1', 'prd_1')?.key).toBe(key)
    endAttempt(sessionStorage, 'usr_1', wanted)
    expect(openAttempt(sessionStorage, 'usr_1', 'sal_1', 'prd_1')).toBeNull()
    expect(beginAttempt(sessionStorage, 'usr_1', wanted)).not.toBe(key)
  })

  it('is another one for another buyer, quantity or price', () => {
    const key = beginAttempt(sessionStorage, 'usr_1', wanted)
    expect(beginAttempt(sessionStorage, 'usr_2', wanted)).not.toBe(key)
    expect(beginAttempt(sessionStorage, 'usr_1', { ...wanted, quantity: 2 })).not.toBe(key)
    const again = beginAttempt(sessionStorage, 'usr_1', wanted)
    expect(beginAttempt(sessionStorage, 'usr_1', { ...wanted, expected_unit_price: { amount: 99, currency: 'KRW' } })).not.toBe(again)
  })

  it('survives storage that is damaged', () => {
    sessionStorage.setItem('souk.buy.usr_1.sal_1.prd_1', '{')
    expect(openAttempt(sessionStorage, 'usr_1', 'sal_1', 'prd_1')).toBeNull()
  })

  it('is kept exactly when the order may exist', () => {
    expect(outcomeUnknown('offline', 0)).toBe(true)
    expect(outcomeUnknown('busy', 503)).toBe(true)
    expect(outcomeUnknown('idempotency_in_flight', 409)).toBe(true)
    expect(outcomeUnknown('out_of_stock', 409)).toBe(false)
    expect(outcomeUnknown('validation_error', 422)).toBe(false)
  })
})

describe('buying', () => {
  beforeEach(() => void vi.useFakeTimers())
  afterEach(() => void vi.useRealTimers())

  it('takes the lane when it answers, and leaves HTTP alone', async () => {
    const http = vi.fn()
    await expect(buy(() => Promise.resolve(order), 'k', wanted, http)).resolves.toBe(order)
    expect(http).not.toHaveBeenCalled()
  })

  it('takes HTTP when there is no lane', async () => {
    const http = vi.fn().mockResolvedValue(order)
    await expect(buy(() => null, 'k', wanted, http)).resolves.toBe(order)
    expect(http).toHaveBeenCalledWith('k', wanted)
  })

  it('repeats over HTTP with the same key when the lane is silent', async () => {
    const http = vi.fn().mockResolvedValue(order)
    const lane = vi.fn(() => new Promise<Order>(() => undefined))
    const bought = buy(lane, 'k', wanted, http)
    await vi.advanceTimersByTimeAsync(LANE_MS - 1)
    expect(http).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(1)
    await expect(bought).resolves.toBe(order)
    expect(lane).toHaveBeenCalledWith('k', wanted)
    expect(http).toHaveBeenCalledWith('k', wanted)
  })

  it('repeats over HTTP when the lane does not know the buyer', async () => {
    const http = vi.fn().mockResolvedValue(order)
    await expect(buy(() => Promise.reject(refusal('invalid_token', 401)), 'k', wanted, http)).resolves.toBe(order)
  })

  it('believes the lane that the stock is gone', async () => {
    const http = vi.fn()
    await expect(buy(() => Promise.reject(refusal('out_of_stock', 409)), 'k', wanted, http)).rejects.toMatchObject({ problem: { code: 'out_of_stock' } })
    expect(http).not.toHaveBeenCalled()
  })

  it('waits for its own request that is still running', async () => {
    const http = vi.fn().mockRejectedValueOnce(refusal('idempotency_in_flight', 409)).mockResolvedValueOnce(order)
    const bought = buy(() => null, 'k', wanted, http)
    await vi.advanceTimersByTimeAsync(300)
    await expect(bought).resolves.toBe(order)
    expect(http).toHaveBeenCalledTimes(2)
  })
})
