// What a seller keeps: the shop itself, products, sales and their stock.
import { list, optional, record, text, flag, whole, type Read } from '@/wire/shape'
import { money } from '@/wire/money'
import { localized, sale, stock, type Sale, type Stock } from '@/wire/shop'
import { ask } from './http'
import type { NewProduct, NewSale } from './schema'

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
  seller(await ask('POST /api/sellers', { body: { name } }), '')

export async function listProducts(sellerId: string): Promise<CatalogProduct[]> {
  const shape = record({ data: list(product), page: optional(record({ next_cursor: optional(text), has_more: flag })) })
  const all: CatalogProduct[] = []
  let cursor: string | undefined
  // A Studio shows one shop; 10 pages of 100 is more than it can list sensibly.
  for (let turn = 0; turn < 10; turn += 1) {
    const answer = shape(await ask('GET /api/products', { query: { seller_id: sellerId, limit: 100, cursor } }), '')
    all.push(...answer.data)
    cursor = answer.page?.has_more ? answer.page.next_cursor : undefined
    if (!cursor) break
  }
  return all
}

export const createProduct = async (body: NewProduct): Promise<CatalogProduct> =>
  product(await ask('POST /api/products', { body }), '')

export const createSale = async (body: NewSale): Promise<Sale> => sale(await ask('POST /api/sales', { body }), '')

export const getSale = async (id: string): Promise<{ sale: Sale; stock: Stock[] }> =>
  record({ sale, stock: list(stock) })(await ask('GET /api/sales/{id}', { path: { id } }), '')

export type SaleStep = 'open' | 'pause' | 'close'

export const stepSale = async (id: string, step: SaleStep): Promise<Sale> =>
  sale(await ask(`POST /api/sales/{id}/${step}`, { path: { id } }), '')

/** Moves units from the shelf into the sale, or back when `delta` is below zero. */
export const allocate = async (id: string, productId: string, variantId: string, delta: number): Promise<Stock> =>
  stock(
    await ask('POST /api/sales/{id}/items/{product}/allocations', { path: { id, product: productId }, body: { delta, variant_id: variantId } }),
    '',
  )
