// What the button on a card offers, by the sale's state and the last committed stock.
import type { Sale, SaleItem, Stock } from '@/wire/shop'

export type Offer = 'buy' | 'soldOut' | 'notOpen' | 'paused' | 'closed' | 'soon'

export function offerOf(sale: Sale | null, terms: SaleItem | null, level: Stock | null): Offer {
  if (!sale || !terms) return 'notOpen'
  if (sale.state === 'draft') return 'soon'
  if (sale.state === 'paused') return 'paused'
  if (sale.state === 'closed') return 'closed'
  // Units in checkout may come back, but none can be had now.
  return level && level.available === 0 ? 'soldOut' : 'buy'
}
