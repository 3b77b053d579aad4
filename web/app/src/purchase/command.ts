// Buys by the room's shop lane, and over HTTP when the lane is not there or does not answer.
// Both carry the same key, so that at most one order comes of it.
import { ApiError } from '@/api/http'
import { placeOrder } from '@/api/orders'
import type { Problem } from '@/wire/problem'
import type { Order, Purchase } from '@/wire/shop'

/** A lane that does not answer within this time is not waited for. */
export const LANE_MS = 2500
const IN_FLIGHT_TRIES = 8
const IN_FLIGHT_MS = 250

/** Sends the command by a lane; `null` when there is none to send it by. */
export type ByLane = (key: string, purchase: Purchase) => Promise<Order> | null

/** A refusal that says nothing about the purchase, only about the way it took. */
const laneOnly = (problem: Problem): boolean =>
  ['unauthenticated', 'invalid_token', 'unknown_frame', 'busy', 'unavailable', 'idempotency_in_flight'].includes(problem.code)

/** Places the order. Throws `ApiError` with the server's refusal, or `offline`. */
export async function buy(byLane: ByLane, key: string, purchase: Purchase, http = placeOrder): Promise<Order> {
  const sent = byLane(key, purchase)
  if (sent) {
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<null>((resolve) => {
      timer = setTimeout(() => resolve(null), LANE_MS)
    })
    try {
      const order = await Promise.race([sent, late])
      if (order) return order
    } catch (error) {
      if (!(error instanceof ApiError) || !laneOnly(error.problem)) throw error
    } finally {
      clearTimeout(timer)
      // A lane that answers after all tells nothing new: HTTP has the same result.
      sent.catch(() => undefined)
    }
  }
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await http(key, purchase)
    } catch (error) {
      const running = error instanceof ApiError && error.problem.code === 'idempotency_in_flight'
      if (!running || attempt >= IN_FLIGHT_TRIES) throw error
      await new Promise((resolve) => setTimeout(resolve, IN_FLIGHT_MS))
    }
  }
}
