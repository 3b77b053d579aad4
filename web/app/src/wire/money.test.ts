import { describe, expect, it } from 'vitest'
import { discount, format, times, type Money } from './money'

const krw = (amount: number): Money => ({ amount, currency: 'KRW' })

describe('money', () => {
  it('is written as people of the locale do', () => {
    expect(format(krw(12900), 'ko-KR')).toBe('12,900원')
    expect(format(krw(12900), 'en-US')).toBe('₩12,900')
    expect(format({ amount: 12900, currency: 'USD' }, 'en-US')).toBe('$129.00')
    expect(format({ amount: 5, currency: 'JPY' }, 'en-US')).toBe('¥5')
  })
  it('multiplies whole units', () => {
    expect(times(krw(12900), 3)).toEqual(krw(38700))
  })
  it('never overstates a discount', () => {
    expect(discount(krw(18000), krw(12900))).toBe(28)
    expect(discount(krw(100), krw(100))).toBe(0)
    expect(discount(krw(100), krw(120))).toBe(0)
    expect(discount(krw(100), { amount: 1, currency: 'USD' })).toBe(0)
  })
})
