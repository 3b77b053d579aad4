// Orders, where they go, and their payments.
import { flag, list, optional, record, text, word, type Read } from '@/wire/shape'
import { payMethods } from '@/purchase/sdk'
import { money } from '@/wire/money'
import { lease, order, type Lease, type Order, type Purchase } from '@/wire/shop'
import { postalAddress } from './accounts'
import { ApiError, ask } from './http'
import type { PostalAddress, ShipTo } from './schema'

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

/** Where an order goes; `null` when nobody has said so yet. */
export async function getShipTo(id: string): Promise<PostalAddress | null> {
  try {
    return postalAddress(await ask('GET /api/orders/{id}/ship-to', { path: { id } }), '')
  } catch (error) {
    if (error instanceof ApiError && error.problem.status === 404) return null
    throw error
  }
}

/** Says where the whole checkout of an order goes. */
export const setShipTo = async (id: string, to: ShipTo): Promise<PostalAddress> =>
  postalAddress(await ask('PUT /api/orders/{id}/ship-to', { path: { id }, body: to }), '')

const prepared = record({ id: text, amount: money, provider: text, store_id: optional(text), channel_key: optional(text), pay_method: optional(word(...payMethods)) })
export type Prepared = Read<typeof prepared>

/** Fixes the amount of a checkout at the provider and says what its window needs. */
export const preparePayment = async (key: string, group_id: string): Promise<Prepared> =>
  prepared(await ask('POST /api/payments', { body: { group_id }, headers: { 'idempotency-key': key } }), '')

const authorized = record({ payment_token: text })

/** Plays the provider's window, where the buyer approves or declines. Sandbox only. */
export const answerSandbox = async (payment: string, approve: boolean): Promise<string> =>
  authorized(await ask('POST /api/payments/{id}/sandbox', { path: { id: payment }, body: { approve } }), '').payment_token

/** Asks the server to settle what the window returned; it checks everything with the provider. */
export const confirmPayment = async (payment: string, token?: string): Promise<Order> =>
  order(await ask('POST /api/payments/{id}/confirm', { path: { id: payment }, body: token === undefined ? {} : { payment_token: token } }), '')
