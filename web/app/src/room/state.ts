// What a room shows, and how each frame changes it. Plain functions over plain data; the order in
// which frames may be applied is the timeline's business.
import type { Message } from '@/wire/chat'
import { KEPT_MAX } from '@/wire/chat'
import type { Presence, RoomStream, Snapshot } from '@/wire/control'
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
  /** Newest level by product of the running sale. */
  stock: Record<string, Stock>
  notes: Record<string, StockNote>
  messages: Message[]
}

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
})

/** Replaces the room by a snapshot. Stock that is newer than the snapshot's stays. */
export function adopt(room: RoomState, snapshot: Snapshot): void {
  room.ready = true
  room.stream = snapshot.stream
  room.presence = snapshot.presence
  room.cards = snapshot.shop.cards
  room.pinned = snapshot.shop.pinned ?? null
  room.sale = snapshot.shop.sale ?? null
  for (const level of snapshot.shop.stock) applyStock(room, level)
  dropForeignStock(room)
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
      dropForeignStock(room)
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
  const known = room.stock[level.product_id]
  const sameSale = known?.sale_id === level.sale_id
  if (known && sameSale && level.ledger_seq <= known.ledger_seq) return
  // A tick of the sale before, overtaken by the new sale's: the running sale decides.
  if (known && !sameSale && room.sale && level.sale_id !== room.sale.id) return
  if (known && sameSale) note(room, known, level)
  room.stock[level.product_id] = level
}

function note(room: RoomState, before: Stock, after: Stock): void {
  const added = after.allocated - before.allocated
  const rise = after.available - before.available
  const set = (kind: StockNote['kind'], units: number): void => {
    room.notes[after.product_id] = { kind, units, ledgerSeq: after.ledger_seq }
  }
  if (added > 0) set('added', added)
  else if (added < 0) set('withdrawn', -added)
  else if (rise > 0) set('returned', rise)
}

function dropForeignStock(room: RoomState): void {
  const sale = room.sale?.id
  for (const [product, level] of Object.entries(room.stock)) {
    if (sale && level.sale_id !== sale) {
      delete room.stock[product]
      delete room.notes[product]
    }
  }
}

function putCard(room: RoomState, card: Card): void {
  const at = room.cards.findIndex((known) => known.id === card.id)
  if (at >= 0) room.cards[at] = card
  else room.cards = [...room.cards, card].sort((a, b) => a.no - b.no)
}

function addMessages(room: RoomState, messages: Message[]): void {
  const known = new Set(room.messages.map((message) => message.id))
  const fresh = messages.filter((message) => !known.has(message.id))
  if (fresh.length > 0) room.messages = [...room.messages, ...fresh].slice(-KEPT_MAX)
}
