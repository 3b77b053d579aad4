// The idempotency key of a purchase attempt. The device makes it once, before the first try, and
// keeps it over retries and reloads of this tab until the outcome is known, so that a repeated
// purchase is one order.
import { newKey } from '@/composables/key'
import type { Purchase } from '@/wire/shop'

interface Kept {
  key: string
  purchase: Purchase
}

const slot = (user: string, sale: string, product: string): string => `souk.buy.${user}.${sale}.${product}`

/** The attempt whose outcome is unknown, if there is one. */
export function openAttempt(storage: Storage, user: string, sale: string, product: string): Kept | null {
  try {
    const kept = JSON.parse(storage.getItem(slot(user, sale, product)) ?? 'null') as Kept | null
    return kept && typeof kept.key === 'string' && kept.purchase?.product_id === product ? kept : null
  } catch {
    return null
  }
}

/** The key for this purchase: the open attempt's if it is the same purchase, else a new one. */
export function beginAttempt(storage: Storage, user: string, purchase: Purchase): string {
  const open = openAttempt(storage, user, purchase.sale_id, purchase.product_id)
  if (open && same(open.purchase, purchase)) return open.key
  const key = newKey()
  try {
    storage.setItem(slot(user, purchase.sale_id, purchase.product_id), JSON.stringify({ key, purchase }))
  } catch {
    // Storage may be full or forbidden; the key then lasts as long as the caller holds it.
  }
  return key
}

/** The outcome is known: the next purchase is another one. */
export function endAttempt(storage: Storage, user: string, purchase: Purchase): void {
  storage.removeItem(slot(user, purchase.sale_id, purchase.product_id))
}

function same(a: Purchase, b: Purchase): boolean {
  return (
    a.variant_id === b.variant_id &&
    a.quantity === b.quantity &&
    a.expected_unit_price?.amount === b.expected_unit_price?.amount &&
    a.expected_unit_price?.currency === b.expected_unit_price?.currency
  )
}

/** Whether a refusal leaves open if the order exists: then the same key must be used again. */
export function outcomeUnknown(code: string, status: number): boolean {
  return status === 0 || status === 429 || status >= 500 || code === 'idempotency_in_flight' || status === 401
}
