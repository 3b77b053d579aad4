// Everything that travels on a lane, and its JSON form. A server frame is
// `{"v":1,"lane":"shop","pos":{…},"t":"pinned","d":{…}}`, a client frame `{"v":1,"t":"say","d":{…}}`.
import * as chat from './chat'
import * as control from './control'
import { lane, type Lane } from './lane'
import { problem } from './problem'
import { count, optional, record, ShapeError, text, type Read, type Shape } from './shape'
import * as shop from './shop'

/** Version of the frames. */
export const VERSION = 1

const PAYLOADS = {
  snapshot: control.snapshot,
  session: control.session,
  sanction: control.sanction,
  pong: control.pong,
  presence: control.presence,
  lint: control.lint,
  bye: control.bye,
  error: record({ key: optional(text), problem }),
  card: shop.card,
  pinned: shop.pinned,
  unpinned: shop.unpinned,
  sale: shop.sale,
  stock: shop.stockBatch,
  order: shop.orderUpdate,
  lease: shop.lease,
  chat: chat.messages,
} as const

type Payloads = typeof PAYLOADS

/** What the server says: a kind `t` with its payload `d`. */
export type ServerFrame = { [K in keyof Payloads]: { t: K; d: Read<Payloads[K]> } }[keyof Payloads]

/** A frame's place in its room; `prev` is the place before it on the same lane. */
export const position = record({ epoch: count, seq: count, prev: count })
export type Position = Read<typeof position>

/** A server frame with what its envelope says. */
export interface Received {
  lane: Lane
  pos?: Position
  /** `null` for a kind that this page does not know; it still has its place. */
  frame: ServerFrame | null
}

const envelope = record({ v: count, lane, pos: optional(position), t: text })

/** Reads a server frame. Throws `ShapeError` or `SyntaxError` on what is not one. */
export function decodeServer(json: string): Received {
  const raw = JSON.parse(json) as { d?: unknown }
  const { v, t, lane, pos } = envelope(raw, '')
  if (v !== VERSION) throw new ShapeError('/v', `version ${VERSION}`)
  const place = pos ? { lane, pos } : { lane }
  if (!(t in PAYLOADS)) return { ...place, frame: null }
  const read = PAYLOADS[t as keyof Payloads] as Shape<unknown>
  return { ...place, frame: { t, d: read(raw.d, '/d') } as ServerFrame }
}

/** What a client says. */
export type ClientFrame =
  | { t: 'auth'; d: { token: string | null } }
  | { t: 'ping'; d: { client_ms: number } }
  | { t: 'resync'; d: Record<string, never> }
  | { t: 'say'; d: { key: string; body: string } }
  | { t: 'buy'; d: shop.Purchase & { key: string } }
  | { t: 'glance'; d: { card_id: string; what: 'shown' | 'clicked' } }
  | { t: 'quote'; d: { key?: string; sale_id: string; product_id: string; variant_id?: string } }

/** The lane that a client frame must use over data channels. */
export function laneOf(frame: ClientFrame): Lane {
  if (frame.t === 'say') return 'chat'
  return frame.t === 'buy' || frame.t === 'quote' || frame.t === 'glance' ? 'shop' : 'control'
}

/** Writes a client frame. */
export function encodeClient(frame: ClientFrame): string {
  return JSON.stringify({ v: VERSION, t: frame.t, d: frame.d })
}
