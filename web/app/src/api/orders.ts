// Orders and their payments.
import { flag, list, optional, record, text, type Read } from '@/wire/shape'
import { lease, order, type Lease, type Order, type Purchase } from '@/wire/shop'
import { ask } from './http'

const orders = record({ data: list(order), page: optional(record({ next_cursor: optional(text), has_more: flag })) })
export type OrderPage = Read<typeof orders>

/** Places an order; a repeat with the same key returns the first one's result. */
export const placeOrder = async (key: string, purchase: Purchase): Promise<Order> =>
  order(await ask('POST /api/orders', { body: purchase, headers: { 'idempotency-key': key } }), '')

/** Has the price of a product in a sale promised for half a minute. */
export const leasePrice = async (sale: string, product_id: string, variant_id: string): Promise<Lease> =>
  lease(await ask('POST /api/sales/{id}/leases', { path: { id: sale }, body: { product_id, variant_id } }), '')

export const listOrders = async (cursor?: string): Promise<OrderPage> =>
  orders(await ask('GET /api/orders', { query: { cursor } }), '')

export const getOrder = async (id: string): Promise<Order> => order(await ask('GET /api/orders/{id}', { path: { id } }), '')

const authorized = record({ payment_token: text })

/** Plays the provider's window, where the buyer approves or declines. Sandbox only. */
export const answerSandbox = async (payment: string, approve: boolean): Promise<string> =>
  authorized(await ask('POST /api/payments/{id}/sandbox', { path: { id: payment }, body: { approve } }), '').payment_token

/** Asks the server to settle what the window returned; it checks everything with the provider. */
export const confirmPayment = async (payment: string, token: string): Promise<Order> =>
  order(await ask('POST /api/payments/{id}/confirm', { path: { id: payment }, body: { payment_token: token } }), '')
