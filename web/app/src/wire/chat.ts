// Payloads of the lane `chat`.
import { count, list, optional, record, text, word, type Read } from './shape'

export const badge = word('host', 'admin')
export const message = record({
  id: text,
  user_id: text,
  name: text,
  badge: optional(badge),
  body: text,
  at_ms: count,
  key: text,
})
export const messages = record({ messages: list(message) })

export type Message = Read<typeof message>

/** Longest message, characters; the server refuses longer ones. */
export const BODY_CHARS_MAX = 300
/** Messages that the page keeps. */
export const KEPT_MAX = 200
