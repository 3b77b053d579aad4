// What a room shows, and how each frame changes it. Plain functions over plain data; the order in
// which frames may be applied is the timeline's business.
import type { Message } from '@/wire/chat'
import { KEPT_MAX } from '@/wire/chat'
import type { Finding, Presence, RoomStream, Snapshot } from '@/wire/control'
import type { ServerFrame } from '@/wire/frame'
import type { Card, Sale, Stock } from '@/wire/shop'

/** A rise or other change of a stock level that people should be told the reason of. */
export interface StockNote {
  kind: 'returned' | 'added' | 'withdrawn'
  units: number
  ledgerSeq: number
}

export interface RoomState {
  /** Whether anything has been read; before that the page shows that it is loading. */
  ready: boolean
  stream: RoomStream | null
  presence: Presence
  cards: Card[]
  pinned: string | null
  sale: Sale | null
  /** Newest level by `stockKey`: a tick may come before the frame of its sale. */
  stock: Record<string, Stock>
  notes: Record<string, StockNote>
  messages: Message[]
  /** What the encoder could do better; only those who may host are told. */
  findings: Finding[]
}

export const stockKey = (sale: string, variant: string): string => `${sale}/${variant}`

export const emptyRoom = (): RoomState => ({
  ready: false,
  stream: null,
  presence: { live: false, viewers: 0 },
  cards: [],
  pinned: null,
  sale: null,
  stock: {},
  notes: {},
  messages: [],
  findings: [],
})

/** Replaces the room by a snapshot. Stock that is newer than the snapshot's stays. */
export function adopt(room: RoomState, snapshot: Snapshot): void {
  room.ready = true
  room.stream = snapshot.stream
  room.presence = snapshot.presence
  room.cards = snapshot.shop.cards
  room.pinned = snapshot.shop.pinned ?? null
  room.sale = snapshot.shop.sale ?? null
  forgetOtherSales(room)
  for (const level of snapshot.shop.stock) applyStock(room, level)
  const backlog = snapshot.chat.messages
  const known = new Set(backlog.map((message) => message.id))
  const first = backlog[0]?.at_ms ?? Infinity
  const older = room.messages.filter((message) => !known.has(message.id) && message.at_ms <= first)
  room.messages = [...older, ...backlog].slice(-KEPT_MAX)
}

/** Applies one frame that changes what everybody sees; others are left to their readers. */
export function apply(room: RoomState, frame: ServerFrame): void {
  switch (frame.t) {
    case 'presence':
      room.presence = frame.d
      break
    case 'card':
      putCard(room, frame.d)
      break
    case 'pinned':
      for (const card of room.cards) if (card.state === 'pinned') card.state = 'shown'
      putCard(room, frame.d.card)
      room.pinned = frame.d.card.id
      break
    case 'unpinned':
      for (const card of room.cards) if (card.id === frame.d.card_id && card.state === 'pinned') card.state = 'shown'
      if (room.pinned === frame.d.card_id) room.pinned = null
      break
    case 'sale':
      room.sale = frame.d
      break
    case 'stock':
      for (const level of frame.d.levels) applyStock(room, level)
      break
    case 'chat':
      addMessages(room, frame.d.messages)
      break
    default:
      break
  }
}

/** Takes a level if its commit is newer than the one known. Never computed on this side. */
export function applyStock(room: RoomState, level: Stock): void {
  const key = stockKey(level.sale_id, level.variant_id)
  const known = room.stock[key]
  if (known && level.ledger_seq <= known.ledger_seq) return
  const reason = known ? noteOf(known, level) : null
  if (reason) room.notes[key] = reason
  room.stock[key] = level
}

function noteOf(before: Stock, after: Stock): StockNote | null {
  const given = after.allocated - before.allocated
  const rise = after.available - before.available
  const note = (kind: StockNote['kind'], units: number): StockNote => ({ kind, units, ledgerSeq: after.ledger_seq })
  if (given !== 0) return given > 0 ? note('added', given) : note('withdrawn', -given)
  return rise > 0 ? note('returned', rise) : null
}

function forgetOtherSales(room: RoomState): void {
  const keep = room.sale ? stockKey(room.sale.id, '') : null
  for (const key of Object.keys(room.stock)) {
    if (keep === null || !key.startsWith(keep)) {
      delete room.stock[key]
      delete room.notes[key]
    }
  }
}

function putCard(room: RoomState, card: Card): void {
  const others = room.cards.filter((known) => known.id !== card.id)
  const all = card.state === 'hidden' ? others : [...others, card]
  room.cards = all.sort((a, b) => (a.sort ?? a.no) - (b.sort ?? b.no))
}

function addMessages(room: RoomState, messages: Message[]): void {
  const known = new Set(room.messages.map((message) => message.id))
  const fresh = messages.filter((message) => !known.has(message.id))
  if (fresh.length > 0) room.messages = [...room.messages, ...fresh].slice(-KEPT_MAX)
}
