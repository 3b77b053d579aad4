// PortOne's payment window (V2). What it returns is only a reason to ask the server, which looks the
// payment up.
import type { Prepared } from '@/api/orders'
import { record, optional, text } from '@/wire/shape'
import { loadPortone, type PaymentRequest } from './sdk'

/** How the window ended. */
export type Ended =
  /** The server is to settle; a channel that charges by itself gives no token. */
  | { kind: 'returned'; token?: string }
  /** Not paid: closed, declined, broken off. */
  | { kind: 'refused'; reason: string }
  /** The page goes to the provider's; it comes back by `redirectUrl`. */
  | { kind: 'gone' }

export interface Wanted {
  prepared: Prepared
  /** What the window calls the purchase. */
  name: string
  /** Where phones come back to. */
  back: string
  locale: string
}

const NAME_MAX = 60

/** What the SDK is given; `null` when the server's answer lacks what it needs. */
export function portoneRequest({ prepared, name, back, locale }: Wanted): PaymentRequest | null {
  const { id, amount, store_id, channel_key, pay_method } = prepared
  if (!store_id || !channel_key || !pay_method) return null
  return {
    storeId: store_id,
    channelKey: channel_key,
    paymentId: id,
    orderName: [...name].slice(0, NAME_MAX).join(''),
    // Both count in minor units.
    totalAmount: amount.amount,
    currency: amount.currency,
    payMethod: pay_method,
    redirectUrl: back,
    locale: locale === 'ko' ? 'KO_KR' : 'EN_US',
  }
}

const answer = record({ paymentId: text, paymentToken: optional(text), code: optional(text), message: optional(text), pgMessage: optional(text) })

function ended(said: unknown): Ended {
  const { code, message, pgMessage, paymentToken } = answer(said, '')
  if (code !== undefined) return { kind: 'refused', reason: pgMessage || message || code }
  return paymentToken === undefined ? { kind: 'returned' } : { kind: 'returned', token: paymentToken }
}

/** Opens the window. Throws when it cannot be opened. */
export async function openPortone(request: PaymentRequest): Promise<Ended> {
  const said = await (await loadPortone()).requestPayment(request)
  return said === undefined ? { kind: 'gone' } : ended(said)
}

const QUERY = ['paymentId', 'paymentToken', 'code', 'message', 'pgCode', 'pgMessage', 'transactionType', 'txId'] as const

/** What a phone brings back in the address, without which `rest` is; `null` when it brings nothing. */
export function portoneReturn(query: Record<string, unknown>): { payment: string; ended: Ended; rest: Record<string, unknown> } | null {
  const payment = query['paymentId']
  if (typeof payment !== 'string') return null
  const said = Object.fromEntries(QUERY.flatMap((name) => (typeof query[name] === 'string' ? [[name, query[name]]] : [])))
  const rest = Object.fromEntries(Object.entries(query).filter(([name]) => !(QUERY as readonly string[]).includes(name)))
  return { payment, ended: ended(said), rest }
}
