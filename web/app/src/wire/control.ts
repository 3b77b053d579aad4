// Payloads of the lane `control`.
import { messages } from './chat'
import { count, flag, list, nullable, optional, record, text, whole, word, type Read } from './shape'
import { shelf } from './shop'

export const presence = record({ live: flag, viewers: count })
export const stream = record({ id: text, title: text, seller: record({ id: text, name: text }) })
export const snapshot = record({
  stream,
  epoch: count,
  seq: count,
  lanes: record({ control: count, shop: count, chat: count }),
  presence,
  shop: shelf,
  chat: messages,
  server_ms: count,
})
export const session = record({
  user: nullable(record({ id: text, name: text })),
  expires_ms: optional(count),
})
export const sanction = record({ kind: word('mute', 'ban', 'lifted'), until_ms: optional(count) })
export const pong = record({ client_ms: count, server_ms: count })
export const finding = record({ code: text, layer: count, seen: whole, wanted: whole })
export const lint = record({ findings: list(finding) })
export const bye = record({ reason: word('ended', 'slow_reader', 'restart', 'protocol'), reconnect: flag })

export type Presence = Read<typeof presence>
export type RoomStream = Read<typeof stream>
export type Snapshot = Read<typeof snapshot>
export type Session = Read<typeof session>
export type Sanction = Read<typeof sanction>
export type Finding = Read<typeof finding>
export type Bye = Read<typeof bye>
