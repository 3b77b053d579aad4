// Streams: who is live, one stream, and what its host may do with it.
import { count, flag, list, optional, part, record, text, word, type Read } from '@/wire/shape'
import { card, type Card } from '@/wire/shop'
import { call } from './http'

const page = record({ next_cursor: optional(text), has_more: flag })
const view = {
  id: text,
  title: text,
  status: word('scheduled', 'live', 'interrupted', 'ended'),
  live: flag,
  viewers: count,
  started_ms: optional((value: unknown) => value as string | number),
  seller: record({ id: text, name: text }),
  pinned: optional(card),
  poster_url: optional(text),
}
export const streamView = record(view)
export type StreamView = Read<typeof streamView>

const keyed = record({ stream_key: text, whip_url: text })
const created = record({ ...view, stream_key: text, whip_url: text })
const ticket = record({ ticket: text, whip_url: text, expires_in: count })
const track = record({ kind: word('audio', 'video'), codec: optional(text), layer: count, rid: optional(text), bitrate: count, loss: part })
const ingest = record({
  whip_url: text,
  key_hint: optional(text),
  live: flag,
  viewers: count,
  publisher: optional(record({ connected: flag, tracks: list(track) })),
  audience: optional(record({ connected: count, bitrate: count, loss: part, suffering: count, first_key_ms: optional(count), by_layer: list(count) })),
})
export type Keyed = Read<typeof keyed>
export type Ticket = Read<typeof ticket>
export type Ingest = Read<typeof ingest>
export type Track = Read<typeof track>

const at = (id: string, rest = ''): string => `/api/streams/${encodeURIComponent(id)}${rest}`

export async function listStreams(query: { status?: 'live' | 'all'; mine?: boolean }, signal?: AbortSignal): Promise<StreamView[]> {
  const search = new URLSearchParams()
  if (query.status) search.set('status', query.status)
  if (query.mine) search.set('mine', 'true')
  const answer = await call(`/api/streams?${search}`, signal ? { signal } : {})
  return record({ data: list(streamView), page: optional(page) })(answer, '').data
}

export const getStream = async (id: string): Promise<StreamView> => streamView(await call(at(id)), '')

/** The room's snapshot frame, as text, so that the page can paint before the lanes open. */
export const getRoom = async (id: string): Promise<string> => JSON.stringify(await call(at(id, '/room')))

export const createStream = async (title: string, seller?: string): Promise<StreamView & Keyed> =>
  created(await call('/api/streams', { method: 'POST', body: seller ? { seller_id: seller, title } : { title } }), '')

export const endStream = async (id: string): Promise<void> => void (await call(at(id), { method: 'DELETE' }))

/** Makes a new stream key; the old one stops working. Shown once. */
export const rotateKey = async (id: string): Promise<Keyed> => keyed(await call(at(id, '/key'), { method: 'POST' }), '')

/** A ticket to publish with from this page; good for `expires_in` seconds. The stream's key stays as it is. */
export const issueTicket = async (id: string): Promise<Ticket> => ticket(await call(at(id, '/publish-tickets'), { method: 'POST' }), '')

export const getIngest = async (id: string): Promise<Ingest> => ingest(await call(at(id, '/ingest')), '')

export const listCards = async (id: string): Promise<Card[]> => {
  const answer = await call(at(id, '/cards'))
  return list(card)(Array.isArray(answer) ? answer : (answer as { data?: unknown }).data, '/data')
}

export const addCard = async (id: string, product: string): Promise<Card> =>
  card(await call(at(id, '/cards'), { method: 'POST', body: { product_id: product } }), '')

export const pinCard = async (id: string, cardId: string): Promise<Card> =>
  card(await call(at(id, `/cards/${encodeURIComponent(cardId)}/pin`), { method: 'POST' }), '')

export const unpinCard = async (id: string, cardId: string): Promise<Card> =>
  card(await call(at(id, `/cards/${encodeURIComponent(cardId)}/unpin`), { method: 'POST' }), '')
