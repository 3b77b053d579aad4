// Streams: who is live, one stream, and what its host may do with it.
import { count, flag, list, optional, part, record, text, word, type Read } from '@/wire/shape'
import { card, type Card } from '@/wire/shop'
import { ask } from './http'

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

export async function listStreams(query: { status?: 'live' | 'all'; mine?: boolean }, signal?: AbortSignal): Promise<StreamView[]> {
  const answer = await ask('GET /api/streams', { query: { status: query.status, mine: query.mine || undefined }, signal })
  return record({ data: list(streamView), page: optional(page) })(answer, '').data
}

export const getStream = async (id: string): Promise<StreamView> => streamView(await ask('GET /api/streams/{id}', { path: { id } }), '')

/** The room's snapshot frame, as text, so that the page can paint before the lanes open. */
export const getRoom = async (id: string): Promise<string> => JSON.stringify(await ask('GET /api/streams/{id}/room', { path: { id } }))

export const createStream = async (title: string, seller?: string): Promise<StreamView & Keyed> =>
  created(await ask('POST /api/streams', { body: seller ? { seller_id: seller, title } : { title } }), '')

export const endStream = async (id: string): Promise<void> => void (await ask('DELETE /api/streams/{id}', { path: { id } }))

/** Makes a new stream key; the old one stops working. Shown once. */
export const rotateKey = async (id: string): Promise<Keyed> => keyed(await ask('POST /api/streams/{id}/key', { path: { id } }), '')

/** A ticket to publish with from this page; good for `expires_in` seconds. The stream's key stays as it is. */
export const issueTicket = async (id: string): Promise<Ticket> => ticket(await ask('POST /api/streams/{id}/publish-tickets', { path: { id } }), '')

export const getIngest = async (id: string): Promise<Ingest> => ingest(await ask('GET /api/streams/{id}/ingest', { path: { id } }), '')

export const listCards = async (id: string): Promise<Card[]> => {
  const answer = await ask('GET /api/streams/{id}/cards', { path: { id } })
  return list(card)(answer.data, '/data')
}

export const addCard = async (id: string, product: string): Promise<Card> =>
  card(await ask('POST /api/streams/{id}/cards', { path: { id }, body: { product_id: product } }), '')

export const pinCard = async (id: string, cardId: string): Promise<Card> =>
  card(await ask('POST /api/streams/{id}/cards/{card}/pin', { path: { id, card: cardId } }), '')

export const unpinCard = async (id: string, cardId: string): Promise<Card> =>
  card(await ask('POST /api/streams/{id}/cards/{card}/unpin', { path: { id, card: cardId } }), '')
