// Money on the wire: whole minor units and an ISO 4217 code.
import { record, whole, word, type Read } from './shape'

export const currency = word('KRW', 'JPY', 'USD', 'EUR')
export const money = record({ amount: whole, currency })

export type Currency = Read<typeof currency>
export type Money = Read<typeof money>

/** Decimal digits of a currency's minor unit. */
export function exponent(code: Currency): number {
  return code === 'KRW' || code === 'JPY' ? 0 : 2
}

/** `count` times a price. For showing only: what is charged is always the server's figure. */
export function times(price: Money, quantity: number): Money {
  return { amount: price.amount * quantity, currency: price.currency }
}

/** Whole percent by which `now` is below `before`; 0 when it is not or cannot be compared. */
export function discount(before: Money, now: Money): number {
  if (before.currency !== now.currency || before.amount <= 0 || now.amount >= before.amount) return 0
  return Math.floor(((before.amount - now.amount) * 100) / before.amount)
}

/** Writes an amount as people of the locale do: ₩12,900 or 12,900원. */
export function format(value: Money, locale: string): string {
  const digits = exponent(value.currency)
  const major = value.amount / 10 ** digits
  if (value.currency === 'KRW' && locale.startsWith('ko')) return `${new Intl.NumberFormat(locale).format(major)}원`
  return new Intl.NumberFormat(locale, {
    style: 'currency',
    currency: value.currency,
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
  }).format(major)
}
