// The access token lives in this module's memory only; a script of another origin or a stored
// copy never sees it. It is renewed by the refresh cookie, which scripts cannot read. One renewal
// runs at a time, because the cookie rotates with each.
import { optional, record, count, list, text, word, type Read } from '@/wire/shape'

export const me = record({
  id: text,
  email: text,
  display_name: text,
  role: word('user', 'admin'),
  memberships: list(record({ seller_id: text, seller_name: text, role: text })),
})
export type Me = Read<typeof me>

export const signed = record({ access_token: text, expires_in: count, user: me, token_type: optional(text) })
export type Signed = Read<typeof signed>

/** Renew this long before the end, so that a token does not die on its way. */
const MARGIN_MS = 60_000

interface Held {
  token: string
  renewAtMs: number
}

type Listener = (signed: Signed | null) => void

let held: Held | null = null
let renewing: Promise<string | null> | null = null
const listeners = new Set<Listener>()

/** Tells `listener` of every new token, and of its loss. Returns what ends that. */
export function onToken(listener: Listener): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const TRACE = 'souk.signed-in'

/**
 * Whether a cookie may be there to renew by: a guest need not ask. It is a trace of an earlier
 * sign-in, not a secret.
 */
export function maybeSignedIn(): boolean {
  try {
    return localStorage.getItem(TRACE) !== null
  } catch {
    return true
  }
}

function leaveTrace(there: boolean): void {
  try {
    if (there) localStorage.setItem(TRACE, '1')
    else localStorage.removeItem(TRACE)
  } catch {
    // Without storage every page load asks.
  }
}

/** Keeps what a sign-in returned; `null` forgets it. */
export function keep(answer: Signed | null, nowMs = Date.now()): void {
  leaveTrace(answer !== null)
  const margin = answer ? Math.min(MARGIN_MS, (answer.expires_in * 1000) / 3) : 0
  held = answer ? { token: answer.access_token, renewAtMs: nowMs + answer.expires_in * 1000 - margin } : null
  for (const listener of listeners) listener(answer)
}

/** The token to send, renewed if it is about to end; `null` for a guest. */
export async function accessToken(nowMs = Date.now()): Promise<string | null> {
  if (renewing) return renewing
  if (held === null) return null
  return nowMs < held.renewAtMs ? held.token : renewAccess(held.token)
}

/** The token as it stands, without asking anybody. */
export function currentToken(): string | null {
  return held?.token ?? null
}

/** Milliseconds until the token wants renewing; `null` for a guest. */
export function renewInMs(nowMs = Date.now()): number | null {
  return held ? Math.max(0, held.renewAtMs - nowMs) : null
}

/** Renews by the cookie, unless the token was already replaced since `spent` was read. */
export async function renewAccess(spent: string | null): Promise<string | null> {
  if (held && held.token !== spent) return held.token
  renewing ??= refresh().finally(() => {
    renewing = null
  })
  return renewing
}

async function refresh(): Promise<string | null> {
  let response: Response
  try {
    response = await fetch('/api/auth/refresh', { method: 'POST', credentials: 'same-origin', cache: 'no-store' })
  } catch {
    // Offline is not signed out: what is held may still be good.
    return held?.token ?? null
  }
  if (response.ok) {
    const answer = signed(await response.json(), '')
    keep(answer)
    return answer.access_token
  }
  if (response.status < 500 && response.status !== 429) keep(null)
  return held?.token ?? null
}
