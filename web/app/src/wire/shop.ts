// Payloads of the lanes `shop` and `stock`, also used by the HTTP API.
import { money } from './money'
import { count, flag, list, optional, record, text, word, type Read } from './shape'

export const localized = record({ ko: text, en: text })
export const product = record({ id: text, title: localized, image_url: text, price: money, variant_id: optional(text) })
export const cardState = word('queued', 'pinned', 'shown', 'hidden')
export const card = record({ id: text, no: count, product, state: cardState, highlighted: optional(flag), sort: optional(count) })
export const pinned = record({ card, at_ms: count })
export const unpinned = record({ card_id: text })
export const saleItem = record({ product_id: text, variant_id: text, label: optional(localized), price: money, max_per_buyer: count })
export const saleState = word('draft', 'open', 'paused', 'closed')
export const sale = record({
  id: text,
  stream_id: text,
  state: saleState,
  opens_ms: optional(count),
  closes_ms: optional(count),
  hold_seconds: count,
  items: list(saleItem),
})
export const stock = record({
  sale_id: text,
  product_id: text,
  variant_id: text,
  ledger_seq: count,
  allocated: count,
  available: count,
  held: count,
  sold: count,
})
export const stockBatch = record({ levels: list(stock) })
export const shelf = record({
  cards: list(card),
  pinned: optional(text),
  sale: optional(sale),
  stock: list(stock),
})
export const orderStatus = word(
  'pending_payment', 'paid', 'preparing', 'partially_shipped', 'shipped', 'delivered', 'completed', 'expired', 'cancelled', 'refunded',
)
export const paymentStatus = word('none', 'pending', 'paid', 'failed', 'integrity_failure', 'partially_refunded', 'refunded')
export const fulfillmentStatus = word('unfulfilled', 'partial', 'fulfilled', 'delivered', 'returned')
export const orderLine = record({
  id: text,
  product_id: text,
  variant_id: text,
  label: optional(localized),
  title: localized,
  quantity: count,
  unit_price: money,
  discount: money,
  total: money,
  quantity_cancelled: optional(count),
  quantity_returned: optional(count),
})
export const order = record({
  id: text,
  number: text,
  group_id: text,
  seller_id: text,
  status: orderStatus,
  payment_status: paymentStatus,
  fulfillment_status: fulfillmentStatus,
  stream_id: optional(text),
  sale_id: optional(text),
  lines: list(orderLine),
  items_total: money,
  discount: money,
  shipping: money,
  tax: money,
  total: money,
  payment: record({ id: text, provider: text, amount: money }),
  ledger_seq: count,
  placed_ms: count,
  payment_due_ms: optional(count),
  paid_ms: optional(count),
  delivered_ms: optional(count),
  completed_ms: optional(count),
})
export const lease = record({
  key: optional(text),
  sale_id: text,
  product_id: text,
  variant_id: text,
  unit_price: money,
  expires_ms: count,
  lease: text,
})
export const orderUpdate = record({ key: optional(text), order })

export type Localized = Read<typeof localized>
export type Product = Read<typeof product>
export type Card = Read<typeof card>
export type Sale = Read<typeof sale>
export type SaleItem = Read<typeof saleItem>
export type SaleState = Read<typeof saleState>
export type Stock = Read<typeof stock>
export type Shelf = Read<typeof shelf>
export type Order = Read<typeof order>
export type OrderStatus = Read<typeof orderStatus>
export type Lease = Read<typeof lease>
export type PaymentStatus = Read<typeof paymentStatus>

/** What a buyer asks for; over HTTP the key is the `Idempotency-Key` header. */
export interface Purchase {
  sale_id: string
  product_id: string
  /** Needed only where the sale has several of the product. */
  variant_id?: string
  quantity: number
  expected_unit_price?: Read<typeof money>
  /** Of a price that was promised. */
  lease?: string
}
