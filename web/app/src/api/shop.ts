// What a seller keeps: the shop itself, products, sales and their stock.
import { list, optional, record, text, flag, whole, type Read } from '@/wire/shape'
import { money, type Money } from '@/wire/money'
import { localized, sale, stock, type Localized, type Sale, type Stock } from '@/wire/shop'
import { call } from './http'

const product = record({
  id: text,
  seller_id: text,
  title: localized,
  image_url: text,
  price: money,
  stock: record({ on_hand: whole, available: whole }),
})
export type CatalogProduct = Read<typeof product>

const seller = record({ id: text, name: text })

export const createSeller = async (name: string): Promise<Read<typeof seller>> =>
  seller(await call('/api/sellers', { method: 'POST', body: { name } }), '')

export async function listProducts(sellerId: string): Promise<CatalogProduct[]> {
  const shape = record({ data: list(product), page: optional(record({ next_cursor: optional(text), has_more: flag })) })
  const all: CatalogProduct[] = []
  let cursor: string | undefined
  // A Studio shows one shop; 10 pages of 100 is more than it can list sensibly.
  for (let turn = 0; turn < 10; turn += 1) {
    const search = new URLSearchParams({ seller_id: sellerId, limit: '100' })
    if (cursor) search.set('cursor', cursor)
    const answer = shape(await call(`/api/products?${search}`), '')
    all.push(...answer.data)
    cursor = answer.page?.has_more ? answer.page.next_cursor : undefined
    if (!cursor) break
  }
  return all
}

export interface NewProduct {
  seller_id: string
  title: Localized
  image_url: string
  price: Money
  stock: number
}

export const createProduct = async (body: NewProduct): Promise<CatalogProduct> =>
  product(await call('/api/products', { method: 'POST', body }), '')

export interface NewSale {
  stream_id: string
  hold_seconds?: number
  items: { product_id: string; price?: Money; allocated: number; max_per_buyer: number }[]
}

export const createSale = async (body: NewSale): Promise<Sale> => sale(await call('/api/sales', { method: 'POST', body }), '')

export const getSale = async (id: string): Promise<{ sale: Sale; stock: Stock[] }> =>
  record({ sale, stock: list(stock) })(await call(`/api/sales/${encodeURIComponent(id)}`), '')

export type SaleStep = 'open' | 'pause' | 'close'

export const stepSale = async (id: string, step: SaleStep): Promise<Sale> =>
  sale(await call(`/api/sales/${encodeURIComponent(id)}/${step}`, { method: 'POST' }), '')

/** Moves units from the shelf into the sale, or back when `delta` is below zero. */
export const allocate = async (id: string, productId: string, delta: number): Promise<Stock> =>
  stock(
    await call(`/api/sales/${encodeURIComponent(id)}/items/${encodeURIComponent(productId)}/allocations`, {
      method: 'POST',
      body: { delta },
    }),
    '',
  )
